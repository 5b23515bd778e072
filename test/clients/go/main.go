// Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for Go v2,
// and answers each with a line. Region, credentials and endpoint come from the environment.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	metering "github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
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
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := metering.NewFromConfig(settings, func(options *metering.Options) {
		if next.Region != "" {
			options.Region = next.Region
		}
	})
	switch next.Operation {
	case "MeterUsage":
		output, err := client.MeterUsage(ctx, inputOf[metering.MeterUsageInput](next))
		if err != nil {
			return failed(err)
		}
		return succeeded(output, output.ResultMetadata)
	case "RegisterUsage":
		output, err := client.RegisterUsage(ctx, inputOf[metering.RegisterUsageInput](next))
		if err != nil {
			return failed(err)
		}
		return succeeded(output, output.ResultMetadata)
	case "BatchMeterUsage":
		output, err := client.BatchMeterUsage(ctx, inputOf[metering.BatchMeterUsageInput](next))
		if err != nil {
			return failed(err)
		}
		return succeeded(output, output.ResultMetadata)
	case "ResolveCustomer":
		output, err := client.ResolveCustomer(ctx, inputOf[metering.ResolveCustomerInput](next))
		if err != nil {
			return failed(err)
		}
		return succeeded(output, output.ResultMetadata)
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

func succeeded(output any, metadata middleware.Metadata) answer {
	result := answer{Output: output}
	if raw, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok {
		result.Status = raw.StatusCode
	}
	result.RequestID, _ = awsmiddleware.GetRequestIDMetadata(metadata)
	return result
}

func failed(err error) answer {
	var named smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &named) || !errors.As(err, &response) {
		log.Fatal(err)
	}
	return answer{
		Error:     &failure{fmt.Sprintf("%T", named), named.ErrorCode(), named.ErrorMessage()},
		Status:    response.HTTPStatusCode(),
		RequestID: response.ServiceRequestID(),
	}
}
