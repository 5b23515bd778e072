// Exits with 0 if AWS Marketplace has signed that the product may run here; see docs/proof.md.
package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"strings"
	"time"
)

const publicKey = `-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----`
const publicKeyVersion, productCode = "1", "your-product-code"
const sidecar, patience = "http://localhost:7070", 60 * time.Second

func require(holds bool, reason string) {
	if !holds {
		log.Fatal("proof refused: ", reason)
	}
}

func fetchToken(nonce string) (answer struct{ Token string }) {
	for {
		response, err := http.Get(sidecar + "/v1/entitlement/proof?nonce=" + nonce)
		require(err == nil, "the sidecar cannot be reached")
		if response.StatusCode == 200 {
			json.NewDecoder(io.LimitReader(response.Body, 65536)).Decode(&answer)
			return answer
		}
		later := response.StatusCode == 429 || response.StatusCode == 503
		require(later, "the sidecar answered "+response.Status[:3]+" instead of a proof")
		wait, err := time.ParseDuration(response.Header.Get("Retry-After") + "s")
		if err != nil || wait < 0 {
			wait = 5 * time.Second
		}
		time.Sleep(wait)
	}
}

func main() {
	log.SetFlags(0)
	time.AfterFunc(patience, func() { require(false, "no proof in "+patience.String()) })
	block, _ := pem.Decode([]byte(publicKey))
	require(block != nil, "the public key cannot be read")
	key, _ := x509.ParsePKIXPublicKey(block.Bytes)
	nonce := rand.Text()
	parts := append(strings.Split(fetchToken(nonce).Token, "."), "", "")
	require(len(parts) == 5, "the answer holds no token")
	...
}
