// Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for Go 1, and
// answers each with a line. This SDK ignores the endpoint variable, so it is an option.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	metering "github.com/aws/aws-sdk-go/service/marketplacemetering"
)

type call struct {
	Operation string
	Region    string
	Input     json.RawMessage
}

type failure struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type answer struct {
	Output    any      `json:"output,omitempty"`
	Error     *failure `json:"error,omitempty"`
	Status    int      `json:"status"`
	RequestID string   `json:"requestId"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var next call
		if err := json.Unmarshal(lines.Bytes(), &next); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(perform(next)); err != nil {
			log.Fatal(err)
		}
	}
}

func perform(next call) answer {
	settings := aws.NewConfig().
		WithEndpoint(os.Getenv("AWS_ENDPOINT_URL_MARKETPLACE_METERING")).
		WithMaxRetries(1)
	if next.Region != "" {
		settings = settings.WithRegion(next.Region)
	}
	client := metering.New(session.Must(session.NewSession()), settings)
	switch next.Operation {
	case "MeterUsage":
		call, output := client.MeterUsageRequest(inputOf[metering.MeterUsageInput](next))
		return send(call, output)
	case "RegisterUsage":
		call, output := client.RegisterUsageRequest(inputOf[metering.RegisterUsageInput](next))
		return send(call, output)
	case "BatchMeterUsage":
		call, output := client.BatchMeterUsageRequest(inputOf[metering.BatchMeterUsageInput](next))
		return send(call, output)
	case "ResolveCustomer":
		call, output := client.ResolveCustomerRequest(inputOf[metering.ResolveCustomerInput](next))
		return send(call, output)
	}
	log.Fatalf("no operation %s", next.Operation)
	return answer{}
}

func inputOf[T any](next call) *T {
	input := new(T)
	if err := json.Unmarshal(next.Input, input); err != nil {
		log.Fatal(err)
	}
	return input
}

func send(call *request.Request, output any) answer {
	err := call.Send()
	if err == nil {
		return answer{Output: output, Status: call.HTTPResponse.StatusCode, RequestID: call.RequestID}
	}
	var failed awserr.RequestFailure
	if !errors.As(err, &failed) {
		log.Fatal(err)
	}
	return answer{
		Error:     &failure{fmt.Sprintf("%T", err), failed.Code(), failed.Message()},
		Status:    failed.StatusCode(),
		RequestID: failed.RequestID(),
	}
}
