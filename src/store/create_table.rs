//! The table itself, for local use: `template.yaml` makes the one that is deployed.

use aws_sdk_dynamodb::{
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, TimeToLiveSpecification,
    },
};

use super::{
    Store,
    error::{StoreError, build},
    schema::{BY_TIME, EVENT_KEY, EXPIRES_AT, GROUP_ID, RECEIVED_AT},
};

impl Store {
    /// Creates the table as `template.yaml` does, with keys, index and expiry. A table that exists already is left as it is.
    ///
    /// # Errors
    /// [`StoreError`] if DynamoDB does not create it.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let string = |name: &str| {
            build(AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build())
        };
        let key = |name: &str, kind| build(KeySchemaElement::builder().attribute_name(name).key_type(kind).build());
        let by_time = GlobalSecondaryIndex::builder()
            .index_name(BY_TIME)
            .key_schema(key(GROUP_ID, KeyType::Hash)?)
            .key_schema(key(RECEIVED_AT, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
        let created = self
            .client
            .create_table()
            .table_name(&self.table)
            .attribute_definitions(string(GROUP_ID)?)
            .attribute_definitions(string(EVENT_KEY)?)
            .attribute_definitions(string(RECEIVED_AT)?)
            .key_schema(key(GROUP_ID, KeyType::Hash)?)
            .key_schema(key(EVENT_KEY, KeyType::Range)?)
            .global_secondary_indexes(build(by_time.build())?)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await;
        match created {
            Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
                return Ok(());
            }
            other => other?,
        };
        let expiry = TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build();
        let update = self.client.update_time_to_live().table_name(&self.table);
        update.time_to_live_specification(build(expiry)?).send().await?;
        Ok(())
    }
}
