//! Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for Rust,
//! and answers each with a line. Region, credentials and endpoint come from the environment.
use std::io::{BufRead, stdin};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_marketplacemetering::Client;
use aws_sdk_marketplacemetering::config::http::HttpResponse;
use aws_sdk_marketplacemetering::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_marketplacemetering::operation::RequestId;
use aws_sdk_marketplacemetering::primitives::{DateTime, DateTimeFormat};
use aws_sdk_marketplacemetering::types::{Tag, UsageAllocation, UsageRecord};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for line in stdin().lock().lines() {
        let call: Value = serde_json::from_str(&line.unwrap()).unwrap();
        println!("{}", perform(&call).await);
    }
}

async fn perform(call: &Value) -> Value {
    // The endpoints of the tests are plain HTTP, and without TLS the program builds much faster.
    let http = aws_smithy_http_client::Builder::new().build_http();
    let mut settings = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
    if let Some(region) = text(&call["region"]) {
        settings = settings.region(Region::new(region));
    }
    let client = Client::new(&settings.load().await);
    let input = &call["input"];
    match call["operation"].as_str().unwrap() {
        "MeterUsage" => {
            let sent = client
                .meter_usage()
                .set_product_code(text(&input["ProductCode"]))
                .set_timestamp(time(&input["Timestamp"]))
                .set_usage_dimension(text(&input["UsageDimension"]))
                .set_usage_quantity(whole(&input["UsageQuantity"]))
                .set_dry_run(input["DryRun"].as_bool())
                .set_usage_allocations(allocations(&input["UsageAllocations"]))
                .set_client_token(text(&input["ClientToken"]))
                .send()
                .await;
            answer(
                sent,
                |output| json!({ "MeteringRecordId": output.metering_record_id() }),
            )
        }
        "RegisterUsage" => {
            let sent = client
                .register_usage()
                .set_product_code(text(&input["ProductCode"]))
                .set_public_key_version(whole(&input["PublicKeyVersion"]))
                .set_nonce(text(&input["Nonce"]))
                .send()
                .await;
            answer(sent, |output| {
                json!({
                    "Signature": output.signature(),
                    "PublicKeyRotationTimestamp": output.public_key_rotation_timestamp().map(shown),
                })
            })
        }
        "BatchMeterUsage" => {
            let records = input["UsageRecords"].as_array().unwrap();
            let sent = client
                .batch_meter_usage()
                .set_product_code(text(&input["ProductCode"]))
                .set_usage_records(Some(records.iter().map(record).collect()))
                .send()
                .await;
            answer(sent, |output| {
                let results = output.results().iter().map(|result| {
                    json!({
                        "UsageRecord": result.usage_record().map(record_shown),
                        "MeteringRecordId": result.metering_record_id(),
                        "Status": result.status().map(|status| status.as_str()),
                    })
                });
                let rest = output.unprocessed_records().iter().map(record_shown);
                json!({
                    "Results": results.collect::<Vec<_>>(),
                    "UnprocessedRecords": rest.collect::<Vec<_>>(),
                })
            })
        }
        "ResolveCustomer" => {
            let sent = client
                .resolve_customer()
                .set_registration_token(text(&input["RegistrationToken"]))
                .send()
                .await;
            answer(sent, |output| {
                json!({
                    "CustomerIdentifier": output.customer_identifier(),
                    "CustomerAWSAccountId": output.customer_aws_account_id(),
                    "ProductCode": output.product_code(),
                    "LicenseArn": output.license_arn(),
                })
            })
        }
        operation => panic!("no operation {operation}"),
    }
}

fn answer<O, E>(sent: Result<O, SdkError<E, HttpResponse>>, body: impl Fn(&O) -> Value) -> Value
where
    O: RequestId,
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    let error = match sent {
        // The SDK shows a status only with a failure.
        Ok(output) => {
            return json!({ "output": body(&output), "status": 200, "requestId": output.request_id() });
        }
        Err(error) => error,
    };
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let failure = match error {
        SdkError::ServiceError(failure) => failure.into_err(),
        other => panic!("no answer of the service: {other:?}"),
    };
    // `ThrottlingException(ThrottlingException { .. })`: the variant that a caller matches.
    let shown = format!("{failure:?}");
    json!({
        "error": {
            "type": shown.split(['(', ' ']).next(),
            "code": failure.code(),
            "message": failure.message(),
        },
        "status": status,
        "requestId": failure.meta().request_id(),
    })
}

fn record(input: &Value) -> UsageRecord {
    UsageRecord::builder()
        .set_timestamp(time(&input["Timestamp"]))
        .set_customer_identifier(text(&input["CustomerIdentifier"]))
        .set_customer_aws_account_id(text(&input["CustomerAWSAccountId"]))
        .set_license_arn(text(&input["LicenseArn"]))
        .set_dimension(text(&input["Dimension"]))
        .set_quantity(whole(&input["Quantity"]))
        .set_usage_allocations(allocations(&input["UsageAllocations"]))
        .build()
        .unwrap()
}

fn record_shown(record: &UsageRecord) -> Value {
    json!({
        "Timestamp": shown(record.timestamp()),
        "CustomerIdentifier": record.customer_identifier(),
        "CustomerAWSAccountId": record.customer_aws_account_id(),
        "LicenseArn": record.license_arn(),
        "Dimension": record.dimension(),
        "Quantity": record.quantity(),
    })
}

fn allocations(input: &Value) -> Option<Vec<UsageAllocation>> {
    let allocation = |each: &Value| {
        let tag = |tag: &Value| {
            let built = Tag::builder()
                .set_key(text(&tag["Key"]))
                .set_value(text(&tag["Value"]));
            built.build().unwrap()
        };
        UsageAllocation::builder()
            .set_allocated_usage_quantity(whole(&each["AllocatedUsageQuantity"]))
            .set_tags(
                each["Tags"]
                    .as_array()
                    .map(|tags| tags.iter().map(tag).collect()),
            )
            .build()
            .unwrap()
    };
    input
        .as_array()
        .map(|all| all.iter().map(allocation).collect())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn whole(value: &Value) -> Option<i32> {
    value.as_i64().map(|number| i32::try_from(number).unwrap())
}

fn time(value: &Value) -> Option<DateTime> {
    value
        .as_str()
        .map(|iso| DateTime::from_str(iso, DateTimeFormat::DateTime).unwrap())
}

fn shown(time: &DateTime) -> String {
    time.fmt(DateTimeFormat::DateTime).unwrap()
}
