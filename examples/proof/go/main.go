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
	"fmt"
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

func require(holds bool, reason ...any) {
	if !holds {
		log.Fatal("proof refused: ", fmt.Sprint(reason...))
	}
}

func main() {
	time.AfterFunc(patience, func() { require(false, "no proof in ", patience) })
	block, _ := pem.Decode([]byte(publicKey))
	require(block != nil, "the public key cannot be read")
	key, _ := x509.ParsePKIXPublicKey(block.Bytes)
	nonce := rand.Text()
	url := sidecar + "/v1/entitlement/proof?nonce=" + nonce
	response, err := http.Get(url)
	for err == nil && (response.StatusCode == 429 || response.StatusCode == 503) {
		wait, _ := time.ParseDuration(response.Header.Get("Retry-After") + "s")
		time.Sleep(max(wait, time.Second))
		response, err = http.Get(url)
	}
	require(err == nil, "the sidecar cannot be reached")
	require(response.StatusCode == 200, "the sidecar answered ", response.StatusCode)
	var answer, header, claims struct{ Token, Alg, Nonce, ProductCode, PublicKeyVersion any }
	json.NewDecoder(http.MaxBytesReader(nil, response.Body, 65536)).Decode(&answer)
	parts := append(strings.Split(fmt.Sprint(answer.Token), "."), "", "")
	decode := base64.RawURLEncoding.DecodeString
	text, _ := decode(parts[0])
	...
