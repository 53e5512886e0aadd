//! Several writes that happen together or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::{error::SdkError, types::TransactWriteItem};
use tokio::time::sleep;

use super::{Store, error::StoreError};

/// How often a transaction is tried if another write is in its way, or if DynamoDB has no capacity for it.
const ATTEMPTS: u32 = 8;
/// The pause before the first retry; each further one is longer by as much.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Reasons of a cancellation that pass. The SDK, which looks at the error alone, tries none of them again.
const PASSING: [&str; 3] = ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];
const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// How a transaction ended.
pub(super) enum Transacted {
    /// All of it is done.
    Done,
    /// Nothing is done. For each write, whether its condition did not hold.
    Refused(Vec<bool>),
}

impl Store {
    /// Does all writes or none.
    pub(super) async fn transact(&self, writes: &[TransactWriteItem]) -> Result<Transacted, StoreError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let request = self.client.transact_write_items().set_transact_items(Some(writes.to_vec()));
            let Err(error) = request.send().await else { return Ok(Transacted::Done) };
            let codes = cancellation_codes(&error);
            if codes.iter().any(|code| code == CONDITION_FAILED) {
                return Ok(Transacted::Refused(codes.iter().map(|code| code == CONDITION_FAILED).collect()));
            }
            if attempts == ATTEMPTS || !codes.iter().any(|code| PASSING.contains(&code.as_str())) {
                return Err(error.into());
            }
            sleep(FIRST_PAUSE * attempts).await;
        }
    }
}

type TransactError = SdkError<
    aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError,
    aws_sdk_dynamodb::config::http::HttpResponse,
>;

/// A code for each write, if the transaction was cancelled.
fn cancellation_codes(error: &TransactError) -> Vec<String> {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException;

    match error.as_service_error() {
        Some(TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            reasons.iter().map(|reason| reason.code().unwrap_or_default().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}
