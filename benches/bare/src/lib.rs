//! The least that a Lambda can do with an event: one conditional PutItem of an item as large as the receiver's. It looks
//! into nothing, checks nothing and logs nothing; what the item says besides the body is made up, and its key comes in a
//! header.

use std::env;

use aws_sdk_dynamodb::{
    Client,
    operation::put_item::PutItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use kaizala_webhook::store::schema::{
    ACTION_ID, CONTENT_SHA256, EVENT_ID, EVENT_KEY, EVENT_TYPE, FROM_USER_ID, GROUP_ID, OBJECT_ID, OBJECT_TYPE,
    OCCURRED_AT, PAYLOAD, RECEIVED_AT, REQUEST_ID, RESPONSE_ID,
};
use lambda_http::{Body, Request, Response, service_fn};

/// The header that names the item.
pub const EVENT_KEY_HEADER: &str = "event-key";

const GROUP: &str = "e24a6532-922d-4a24-9512-05c802d2f410@2";
const ID: &str = "c66e047c-8280-4a9f-91a1-10b7c4fef0a3";
const TIME: &str = "2023-03-06T12:47:59.578Z";

/// Attributes of a response, but for key, digest and body.
const MADE_UP: [(&str, &str); 11] = [
    (GROUP_ID, GROUP),
    (EVENT_ID, ID),
    (EVENT_TYPE, "ActionResponse"),
    (OBJECT_TYPE, "Group"),
    (OBJECT_ID, GROUP),
    (ACTION_ID, ID),
    (RESPONSE_ID, ID),
    (FROM_USER_ID, ID),
    (RECEIVED_AT, TIME),
    (OCCURRED_AT, TIME),
    (REQUEST_ID, ID),
];

/// Serves as a Lambda, with the table in `TABLE_NAME`; with `WARM_UP` set, opens the connection first.
///
/// # Errors
/// When `TABLE_NAME` is not set, the table cannot be reached for warming up, or the runtime ends.
pub async fn serve(client: Client) -> Result<(), lambda_runtime::Error> {
    let table = env::var("TABLE_NAME")?;
    if env::var_os("WARM_UP").is_some() {
        let key = || AttributeValue::S("warm-up".to_owned());
        client.get_item().table_name(&table).key(GROUP_ID, key()).key(EVENT_KEY, key()).send().await?;
    }
    lambda_http::run(service_fn(|request| put(&client, &table, request))).await
}

async fn put(client: &Client, table: &str, request: Request) -> Result<Response<String>, lambda_runtime::Error> {
    let key = request.headers().get(EVENT_KEY_HEADER).ok_or("the header with the key is missing")?.to_str()?.to_owned();
    let Body::Text(body) = request.into_body() else { return Err("the body is not text".into()) };
    let mut put = client
        .put_item()
        .table_name(table)
        .item(EVENT_KEY, AttributeValue::S(key))
        .item(CONTENT_SHA256, AttributeValue::B(Blob::new([0; 32])))
        .item(PAYLOAD, AttributeValue::S(body))
        .condition_expression("attribute_not_exists(eventKey)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    for (name, value) in MADE_UP {
        put = put.item(name, AttributeValue::S(value.to_owned()));
    }
    let outcome = match put.send().await {
        Ok(_) => "stored",
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            "duplicate"
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Response::new(format!(r#"{{"outcome":"{outcome}"}}"#)))
}
