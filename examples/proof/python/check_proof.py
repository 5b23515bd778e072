"""Exits with 0 if AWS Marketplace has signed that the product may run here; see docs/guides/proof.md."""

# The standard library has no RSA: see requirements.txt. Run it as `python3 -I check_proof.py`.
import json
import secrets
import signal
import sys
import time
from base64 import urlsafe_b64decode
from urllib import error, request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----"""
PUBLIC_KEY_VERSION, PRODUCT_CODE = "1", "your-product-code"
SIDECAR, PATIENCE_SECONDS = "http://localhost:7070", 60


def refuse(reason):
    sys.exit(f"proof refused: {reason}")


def fetch_answer(nonce):
    direct = request.build_opener(request.ProxyHandler({}))
    while True:
        try:
            return direct.open(f"{SIDECAR}/v1/entitlement/proof?nonce={nonce}").read(65536)
        except error.HTTPError as answer:
            if answer.code not in (429, 503):
                refuse(f"the sidecar answered {answer.code} instead of a proof")
            seconds = answer.headers.get("Retry-After", "")
            time.sleep(int(seconds[:5]) if seconds.isdecimal() else 5)


signal.signal(signal.SIGALRM, lambda *_: refuse(f"no proof in {PATIENCE_SECONDS} s"))
signal.alarm(PATIENCE_SECONDS)
nonce, reason = secrets.token_urlsafe(32), "the public key cannot be read"
try:
    key, reason = load_pem_public_key(PUBLIC_KEY), "the sidecar cannot be reached"
    answer, reason = fetch_answer(nonce), "no PS256 token in the answer"
    header, payload, signature = json.loads(answer)["token"].split(".")
    if json.loads(urlsafe_b64decode(header + "=="))["alg"] != "PS256":
        refuse("no PS256 token in the answer")
    signature, reason = urlsafe_b64decode(signature + "=="), "the token is not signed by AWS"
    key.verify(signature, f"{header}.{payload}".encode(), PSS(MGF1(SHA256()), 32), SHA256())
except Exception:
    refuse(reason)
claims = json.loads(urlsafe_b64decode(payload + "=="))
claims = {name.lower(): str(value) for name, value in claims.items()}
expected = {"nonce": nonce, "productCode": PRODUCT_CODE, "publicKeyVersion": PUBLIC_KEY_VERSION}
for name, value in expected.items():
    if claims.get(name.lower()) != value:
        refuse(f"the token is for another {name}")
print(f"proof holds: AWS Marketplace has signed for {PRODUCT_CODE}")
