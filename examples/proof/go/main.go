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
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	publicKey = `-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----`
	publicKeyVersion = "1"
	productCode      = "your-product-code"
	sidecar          = "http://localhost:7070"
	patience         = 60 * time.Second
)

func require(holds bool, reason string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "proof refused:", reason)
		os.Exit(1)
	}
}
