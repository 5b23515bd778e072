// Reports usage to the sidecar: report <dimension> <quantity>.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const attempts = 9

// A transport without a proxy: the sidecar is on this machine.
var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}

// report returns nil once the usage is on the sidecar's disk.
func report(dimension string, quantity json.Number) error {
	// One key for each report. The sidecar counts it once, however often the request is repeated.
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"dimension": dimension, "quantity": quantity, "idempotencyKey": fmt.Sprintf("%x", key),
	})
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		status, detail, wait := post(body)
		if status == http.StatusOK {
			return nil
		}
		isPassing := status == 0 || status == 408 || status == 429 || status >= 500
		// 400 is final: the same report would be refused again.
		if !isPassing || attempt == attempts {
			return fmt.Errorf("the usage was not acknowledged: %s", detail)
		}
		if wait < 0 {
			wait = min(10*time.Second, 200*time.Millisecond<<attempt)
		}
		time.Sleep(wait)
	}
}

func post(body []byte) (status int, detail string, wait time.Duration) {
	url := os.Getenv("SIDECAR_URL")
	if url == "" {
		url = "http://localhost:7070"
	}
	answer, err := client.Post(url+"/v1/usage", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, err.Error(), -1
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		return answer.StatusCode, string(text), time.Duration(seconds) * time.Second
	}
	return answer.StatusCode, string(text), -1
}

func main() {
	if err := report(os.Args[1], json.Number(os.Args[2])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
