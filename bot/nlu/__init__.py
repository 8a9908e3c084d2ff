"""Understanding of a French question: which subject is meant, and how sure that is.

These modules run in the Rasa environment (Python 3.10). They import rasa, numpy, scipy, sklearn, the two
sentence encoders and each other, and nothing else of Guichet; importing this package imports nothing.
"""
