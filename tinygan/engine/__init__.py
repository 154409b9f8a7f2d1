"""The engine, with layers, networks, optimisers and gradient checks. It knows nothing about GANs.

Read it in this order: numerics, layers, network, optim, gradcheck; then norm and features, more layers. What all layers share is
in base, and what all networks share in store.
"""
