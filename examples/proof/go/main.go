// Exits with 0 if AWS Marketplace has signed that the product may run here; see docs/guides/proof.md.
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
	require(block != nil, "the public key is not PEM")
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	require(err == nil, "the public key cannot be read")
	nonce, url := rand.Text(), sidecar+"/v1/entitlement/proof?nonce="
	response, err := http.Get(url + nonce)
	for ; err == nil && (response.StatusCode == 429 || response.StatusCode == 503); response, err = http.Get(url + nonce) {
		wait, _ := time.ParseDuration(response.Header.Get("Retry-After") + "s")
		time.Sleep(max(wait, time.Second))
	}
	require(err == nil, "the sidecar cannot be reached")
	require(response.StatusCode == 200, "the sidecar answered ", response.StatusCode)
	var answer, header, claims struct{ Token, Alg, Nonce, ProductCode, PublicKeyVersion any }
	json.NewDecoder(http.MaxBytesReader(nil, response.Body, 65536)).Decode(&answer)
	parts := strings.Split(fmt.Sprint(answer.Token), ".")
	decode := func(s string) []byte { b, _ := base64.RawURLEncoding.DecodeString(s); return b }
	read := len(parts) == 3 && json.Unmarshal(decode(parts[0]), &header) == nil
	require(read && header.Alg == "PS256", "no PS256 token in the answer")
	hash, pss := sha256.Sum256([]byte(parts[0]+"."+parts[1])), rsa.PSSOptions{SaltLength: 32}
	err = rsa.VerifyPSS(key.(*rsa.PublicKey), crypto.SHA256, hash[:], decode(parts[2]), &pss)
	require(err == nil && json.Unmarshal(decode(parts[1]), &claims) == nil, "the token is not signed by AWS")
	require(claims.Nonce == nonce, "the token is for another nonce")
	require(claims.ProductCode == productCode, "the token is for another productCode")
	require(fmt.Sprint(claims.PublicKeyVersion) == publicKeyVersion, "the token is for another publicKeyVersion")
	log.Print("proof holds: AWS Marketplace has signed for ", productCode)
}
