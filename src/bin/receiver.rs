//! The Lambda function: reads its configuration, connects, and serves.

use kaizala_webhook::{
    receiver::{Config, Receiver, init_logging, lambda},
    store::{self, Store},
};
use tracing::{error, warn};

// One event at a time is all that a Lambda environment gets: a second thread would only cost memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    init_logging();
    let receiver = start().await.inspect_err(|error| error!(%error, "the function cannot start"))?;
    lambda::serve(receiver).await
}

async fn start() -> Result<Receiver, lambda_runtime::Error> {
    let config = Config::from_env()?;
    let store = Store::new(store::connect().await?, config.table, config.retention_days);
    // During INIT a function has the CPU of a large one; the TLS handshake belongs here. A store that is down now may
    // be up when the first event comes.
    if let Err(error) = store.warm_up().await {
        warn!(%error, "the store did not answer at start");
    }
    Ok(Receiver::new(config.tokens, store))
}
