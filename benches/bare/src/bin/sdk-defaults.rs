//! With the connection to DynamoDB that the SDK makes when it is told nothing: TLS on aws-lc.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    bare_lambda::serve(Client::new(&config)).await
}
