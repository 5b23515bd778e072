"""Exits with 0 if AWS Marketplace has signed that the product may run here; see docs/proof.md.

The standard library knows no RSA: cryptography, in requirements.txt. Run it as `python3 -I`.
"""
import json
import secrets
import signal
import sys
import time
from base64 import urlsafe_b64decode
from urllib import error, request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----"""
PUBLIC_KEY_VERSION = 1
PRODUCT_CODE = "your-product-code"
SIDECAR = "http://localhost:7070"
PATIENCE_SECONDS = 60

def fetch_answer(nonce):
    no_proxy = request.build_opener(request.ProxyHandler({}))
    while True:
        try:
            return no_proxy.open(f"{SIDECAR}/v1/entitlement/proof?nonce={nonce}").read(65536)
        except error.HTTPError as answer:
            if answer.code not in (429, 503):
                sys.exit(f"proof refused: the sidecar answered {answer.code} instead of a proof")
            seconds = answer.headers.get("Retry-After", "")
            time.sleep(int(seconds[:5]) if seconds.isdecimal() else 5)

def decode(part):
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))

def check_proof(nonce):
    """None, or why the sidecar's answer proves nothing."""
    try:
        key = serialization.load_pem_public_key(PUBLIC_KEY)
    except ValueError:
        return "the public key cannot be read"
    try:
        token = json.loads(fetch_answer(nonce))["token"]
        signed, signature = token.rsplit(".", 1)
        header, payload = signed.split(".")
        if json.loads(decode(header))["alg"] != "PS256":
            return "the token is not PS256"
        key.verify(decode(signature), signed.encode(), PSS(MGF1(hashes.SHA256()), 32), hashes.SHA256())
