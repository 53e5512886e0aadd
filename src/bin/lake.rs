//! The Lambda function that makes Parquet tables of exports: reads its configuration, connects, and serves.

use std::sync::Arc;

use kaizala_webhook::{
    clock::now,
    export_files::open_bucket,
    lake::{
        Config, Lake, LakeError, Step,
        metrics::{CONVERTED_LINE, FINISHED_LINE, GONE_ITEMS, LAG, REJECTED_LINES},
    },
    receiver::{
        init_logging_with,
        metrics::{FUNCTION_NAME, Metric, MetricDirective, MetricLine, NAMESPACE},
    },
    store::{ConnectOptions, Store, connect_with, sdk_config},
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tracing::error;

/// What CloudWatch is to make of the log.
const METRICS: &[MetricLine] = &[
    (
        CONVERTED_LINE,
        &[of_the_function(&[
            Metric { name: REJECTED_LINES, unit: "Count" },
            Metric { name: GONE_ITEMS, unit: "Count" },
        ])],
    ),
    (FINISHED_LINE, &[of_the_function(&[Metric { name: LAG, unit: "Seconds" }])]),
];

const fn of_the_function(metrics: &'static [Metric]) -> MetricDirective {
    MetricDirective { namespace: NAMESPACE, dimensions: &[&[FUNCTION_NAME]], metrics }
}

// One step at a time is all that a Lambda environment gets.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_logging_with(METRICS);
    let lake = start().await.inspect_err(|error| error!(%error, "the function cannot start"))?;
    run(service_fn(async |event: LambdaEvent<Step>| {
        let output = lake.run(event.payload, now()).await;
        output.inspect_err(|error: &LakeError| error!(name = error.name(), %error, "the step failed"))
    }))
    .await
}

async fn start() -> Result<Lake<Store>, Error> {
    let config = Config::from_env()?;
    let store = Store::new(connect_with(ConnectOptions::default()).await?, config.table(), None);
    let bucket = open_bucket(&config.bucket, &sdk_config(ConnectOptions::default()).await?)?;
    Ok(Lake::new(store, Arc::new(bucket), config))
}
