//! With the receiver's connection to DynamoDB: TLS on ring, its timeouts and retries.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    bare_lambda::serve(kaizala_webhook::store::connect().await?).await
}
