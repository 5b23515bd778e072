import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.awscore.AwsResponse;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonWriter;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.marketplacemetering.MarketplaceMeteringClient;
import software.amazon.awssdk.services.marketplacemetering.MarketplaceMeteringClientBuilder;
import software.amazon.awssdk.services.marketplacemetering.model.BatchMeterUsageRequest;
import software.amazon.awssdk.services.marketplacemetering.model.MarketplaceMeteringException;
import software.amazon.awssdk.services.marketplacemetering.model.MarketplaceMeteringResponse;
import software.amazon.awssdk.services.marketplacemetering.model.MeterUsageRequest;
import software.amazon.awssdk.services.marketplacemetering.model.RegisterUsageRequest;
import software.amazon.awssdk.services.marketplacemetering.model.ResolveCustomerRequest;
import software.amazon.awssdk.services.marketplacemetering.model.Tag;
import software.amazon.awssdk.services.marketplacemetering.model.UsageAllocation;
import software.amazon.awssdk.services.marketplacemetering.model.UsageRecord;

/**
 * Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for Java 2,
 * and answers each with a line. Region, credentials and endpoint come from the environment.
 */
public final class MeteringClient {
    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(perform(JsonNode.parser().parse(line)));
        }
    }

    private static String perform(JsonNode call) {
        MarketplaceMeteringClientBuilder builder = MarketplaceMeteringClient.builder();
        call.field("region").ifPresent(region -> builder.region(Region.of(region.asString())));
        JsonWriter answer = JsonWriter.create();
        answer.writeStartObject();
        try (MarketplaceMeteringClient client = builder.build()) {
            MarketplaceMeteringResponse response =
                    send(client, text(call, "operation"), call.field("input").orElseThrow());
            answer.writeFieldName("output");
            write(answer, response);
            finish(answer, response.sdkHttpResponse().statusCode(), requestId(response));
        } catch (MarketplaceMeteringException error) {
            answer.writeFieldName("error").writeStartObject();
            answer.writeFieldName("type").writeValue(error.getClass().getSimpleName());
            answer.writeFieldName("code").writeValue(error.awsErrorDetails().errorCode());
            answer.writeFieldName("message").writeValue(error.awsErrorDetails().errorMessage());
            answer.writeEndObject();
            finish(answer, error.statusCode(), error.requestId());
        }
        return new String(answer.getBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static void finish(JsonWriter answer, int status, String requestId) {
        answer.writeFieldName("status").writeValue(status);
        answer.writeFieldName("requestId");
        if (requestId == null) {
            answer.writeNull();
        } else {
            answer.writeValue(requestId);
        }
        answer.writeEndObject();
    }

    private static String requestId(AwsResponse response) {
        return response.responseMetadata().requestId();
    }

    private static MarketplaceMeteringResponse send(
            MarketplaceMeteringClient client, String operation, JsonNode input) {
        return switch (operation) {
            case "MeterUsage" -> client.meterUsage(fill(MeterUsageRequest.builder(), input).build());
            case "RegisterUsage" ->
                    client.registerUsage(fill(RegisterUsageRequest.builder(), input).build());
            case "BatchMeterUsage" ->
                    client.batchMeterUsage(fill(BatchMeterUsageRequest.builder(), input).build());
            case "ResolveCustomer" ->
                    client.resolveCustomer(fill(ResolveCustomerRequest.builder(), input).build());
            default -> throw new IllegalArgumentException(operation);
        };
    }

    /** Sets the members of a builder by the names that they have on the wire. */
    private static <B extends SdkPojo> B fill(B builder, JsonNode input) {
        for (SdkField<?> field : builder.sdkFields()) {
            Optional<JsonNode> value = input.field(field.memberName());
            value.ifPresent(node -> field.set(builder, valueOf(field, node)));
        }
        return builder;
    }

    private static Object valueOf(SdkField<?> field, JsonNode node) {
        return switch (field.memberName()) {
            case "Timestamp" -> Instant.parse(node.asString());
            case "DryRun" -> node.asBoolean();
            case "UsageQuantity", "Quantity", "AllocatedUsageQuantity", "PublicKeyVersion" ->
                    Integer.valueOf(node.asNumber());
            case "UsageAllocations" ->
                    node.asArray().stream()
                            .map(item -> fill(UsageAllocation.builder(), item).build())
                            .toList();
            case "Tags" -> node.asArray().stream().map(item -> fill(Tag.builder(), item).build()).toList();
            case "UsageRecords" ->
                    node.asArray().stream()
                            .map(item -> fill(UsageRecord.builder(), item).build())
                            .toList();
            default -> node.asString();
        };
    }

    private static String text(JsonNode call, String name) {
        return call.field(name).orElseThrow().asString();
    }

    private static void write(JsonWriter writer, Object value) {
        if (value instanceof SdkPojo structure) {
            writer.writeStartObject();
            for (Map.Entry<String, Object> member : membersOf(structure).entrySet()) {
                writer.writeFieldName(member.getKey());
                write(writer, member.getValue());
            }
            writer.writeEndObject();
        } else if (value instanceof List<?> list) {
            writer.writeStartArray();
            list.forEach(item -> write(writer, item));
            writer.writeEndArray();
        } else if (value instanceof Integer number) {
            writer.writeValue(number.intValue());
        } else {
            writer.writeValue(value.toString());
        }
    }

    private static Map<String, Object> membersOf(SdkPojo structure) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (SdkField<?> field : structure.sdkFields()) {
            Object value = field.getValueOrDefault(structure);
            boolean isAbsent = value == null || value instanceof SdkAutoConstructList;
            if (!isAbsent) {
                members.put(field.memberName(), value);
            }
        }
        return members;
    }
}
