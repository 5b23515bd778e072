import com.amazonaws.AmazonServiceException;
import com.amazonaws.AmazonWebServiceRequest;
import com.amazonaws.AmazonWebServiceResult;
import com.amazonaws.ClientConfiguration;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.marketplacemetering.AWSMarketplaceMetering;
import com.amazonaws.services.marketplacemetering.AWSMarketplaceMeteringClientBuilder;
import com.amazonaws.services.marketplacemetering.model.BatchMeterUsageRequest;
import com.amazonaws.services.marketplacemetering.model.MeterUsageRequest;
import com.amazonaws.services.marketplacemetering.model.RegisterUsageRequest;
import com.amazonaws.services.marketplacemetering.model.ResolveCustomerRequest;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/**
 * Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for Java 1, and
 * answers each with a line. This SDK ignores the endpoint variable, so it is an option.
 */
public final class OldMeteringClient {
    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .setPropertyNamingStrategy(PropertyNamingStrategies.UPPER_CAMEL_CASE)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);

    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(perform(JSON.readTree(line)));
        }
    }

    private static ObjectNode perform(JsonNode call) throws IOException {
        String region = call.path("region").asText(System.getenv("AWS_REGION"));
        String endpoint = System.getenv("AWS_ENDPOINT_URL_MARKETPLACE_METERING");
        AWSMarketplaceMetering client =
                AWSMarketplaceMeteringClientBuilder.standard()
                        .withEndpointConfiguration(new EndpointConfiguration(endpoint, region))
                        .withClientConfiguration(new ClientConfiguration().withMaxErrorRetry(1))
                        .build();
        ObjectNode answer = JSON.createObjectNode();
        try {
            AmazonWebServiceResult<?> result =
                    send(client, call.path("operation").asText(), call.path("input"));
            ObjectNode output = JSON.valueToTree(result);
            output.remove("SdkResponseMetadata");
            output.remove("SdkHttpMetadata");
            answer.set("output", output);
            answer.put("status", result.getSdkHttpMetadata().getHttpStatusCode());
            answer.put("requestId", result.getSdkResponseMetadata().getRequestId());
        } catch (AmazonServiceException error) {
            ObjectNode failure = answer.putObject("error");
            failure.put("type", error.getClass().getSimpleName());
            failure.put("code", error.getErrorCode());
            failure.put("message", error.getErrorMessage());
            answer.put("status", error.getStatusCode());
            answer.put("requestId", error.getRequestId());
        } finally {
            client.shutdown();
        }
        return answer;
    }

    private static AmazonWebServiceResult<?> send(
            AWSMarketplaceMetering client, String operation, JsonNode input) throws IOException {
        switch (operation) {
            case "MeterUsage":
                return client.meterUsage(fill(new MeterUsageRequest(), input));
            case "RegisterUsage":
                return client.registerUsage(fill(new RegisterUsageRequest(), input));
            case "BatchMeterUsage":
                return client.batchMeterUsage(fill(new BatchMeterUsageRequest(), input));
            case "ResolveCustomer":
                return client.resolveCustomer(fill(new ResolveCustomerRequest(), input));
            default:
                throw new IllegalArgumentException(operation);
        }
    }

    private static <T extends AmazonWebServiceRequest> T fill(T request, JsonNode input)
            throws IOException {
        return JSON.readerForUpdating(request).readValue(input);
    }
}
