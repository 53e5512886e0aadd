//! A bucket in memory whose calls can be held, and can fail before or after their effect; and what is in it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs,
    future::poll_fn,
    path::Path,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use kaizala_webhook::{
    event::Timestamp,
    lake::{Begun, Config, Database, Lake, LakeError, Progress, Step, StepOutput},
    tables::Table,
};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path as Key,
};
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use serde_json::{Map, Value, json};

use super::aws::{Aws, TABLE_ARN};
use crate::support::tables::{exported, sorted};

/// What a future that waits for nothing comes to.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// What a future comes to, with nobody else at work.
pub fn finished<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// How a call fails.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing happens.
    Before,
    /// It happens, and the answer is lost.
    After,
}

/// The bucket as one execution sees it.
#[derive(Debug)]
pub struct Shaky {
    bucket: Arc<InMemory>,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct Gate {
    calls: AtomicU32,
    faults: HashMap<u32, Fault>,
}

impl Gate {
    /// Waits until it is polled again, so that others may go first, and says how the call fails.
    async fn pass(&self) -> Option<Fault> {
        let mut has_waited = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.faults.get(&self.calls.fetch_add(1, Ordering::Relaxed)).copied()
    }

    async fn call<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.pass().await {
            None => work.await,
            Some(Fault::Before) => Err(failure()),
            Some(Fault::After) => work.await.and_then(|_| Err(failure())),
        }
    }
}

fn failure() -> object_store::Error {
    object_store::Error::Generic { store: "shaky", source: "the line is dead".into() }
}

impl Shaky {
    pub fn new(bucket: Arc<InMemory>, faults: impl IntoIterator<Item = (u32, Fault)>) -> Self {
        Self { bucket, gate: Arc::new(Gate { calls: AtomicU32::new(0), faults: faults.into_iter().collect() }) }
    }
}

impl fmt::Display for Shaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shaky")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Shaky {
    async fn put_opts(&self, key: &Key, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.gate.call(self.bucket.put_opts(key, payload, options)).await
    }

    async fn put_multipart_opts(&self, key: &Key, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.gate.call(self.bucket.put_multipart_opts(key, options)).await
    }

    async fn get_opts(&self, key: &Key, options: GetOptions) -> Result<GetResult> {
        self.gate.call(self.bucket.get_opts(key, options)).await
    }

    fn delete_stream(&self, keys: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
        self.bucket.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (bucket, gate, prefix) = (self.bucket.clone(), self.gate.clone(), prefix.cloned());
        let listed = async move { gate.call(async { Ok(bucket.list(prefix.as_ref())) }).await };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        self.gate.call(self.bucket.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
        self.gate.call(self.bucket.copy_opts(from, to, options)).await
    }
}

/// The lake over a bucket.
pub fn lake_over(aws: &Aws, bucket: Arc<dyn ObjectStore>) -> Lake<Aws> {
    Lake::new(aws.clone(), bucket, Config { table_arn: TABLE_ARN.to_owned(), bucket: "a-bucket".to_owned() })
}

/// The lake over the bucket itself.
pub fn lake(aws: &Aws) -> Lake<Aws> {
    lake_over(aws, aws.bucket.clone())
}

/// What the state machine does, but for its waiting. False when there was nothing to do.
pub async fn execute<D: Database>(lake: &Lake<D>, now: impl Fn() -> Timestamp) -> Result<bool, LakeError> {
    let step = async |step: Step| {
        let mut left = 2;
        loop {
            match lake.run(step.clone(), now()).await {
                Err(LakeError::Storage { .. } | LakeError::DynamoDb(_)) if left > 0 => left -= 1,
                done => return done,
            }
        }
    };
    let StepOutput::Begun(begun) = step(Step::Begin).await? else { panic!("it begins") };
    let Begun::Export { export_arn, .. } = begun else { return Ok(false) };
    while step(Step::Status { export_arn: export_arn.clone() }).await? != StepOutput::Progress(Progress::Complete) {}
    let StepOutput::Planned(planned) = step(Step::Plan { export_arn: export_arn.clone() }).await? else {
        panic!("it plans")
    };
    for group in planned.groups {
        step(Step::Convert { export_arn: export_arn.clone(), group }).await?;
    }
    step(Step::Remove { export_arn: export_arn.clone() }).await?;
    step(Step::Finish { export_arn }).await?;
    Ok(true)
}

/// The keys of everything in the bucket below a prefix.
pub fn keys(bucket: &InMemory, prefix: &str) -> Vec<String> {
    let list = bucket.list(Some(&Key::from(prefix))).map_ok(|object| object.location.to_string());
    let mut keys: Vec<_> = ready(list.try_collect()).expect("memory lists it");
    keys.sort();
    keys
}

pub fn content(bucket: &InMemory, key: &str) -> bytes::Bytes {
    ready(async { bucket.get(&Key::from(key)).await?.bytes().await }).unwrap_or_else(|error| panic!("{key}: {error}"))
}

/// Puts what is in the bucket below a prefix into a folder.
pub fn download(bucket: &InMemory, prefix: &str, folder: &Path) {
    for key in keys(bucket, prefix) {
        let file = folder.join(&key);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it can be made");
        fs::write(file, content(bucket, &key)).expect("it can be written");
    }
}

/// The rows that the lake should have, by an export of the same items.
pub fn rows_of_an_export(from: &str) -> BTreeMap<&'static str, Vec<Value>> {
    let mut tables = exported(from, &[]);
    tables.retain(|name, rows| !rows.is_empty() && Table::all_in_lake().any(|table| table.name() == *name));
    for rows in tables.values_mut() {
        for row in rows.iter_mut() {
            row.as_object_mut().expect("it is an object").remove("is_latest");
        }
        *rows = sorted(std::mem::take(rows));
    }
    tables
}

/// The rows of all tables, in an order of their own.
pub fn rows(bucket: &InMemory) -> BTreeMap<&'static str, Vec<Value>> {
    let mut tables = BTreeMap::new();
    for table in Table::ALL {
        let keys = keys(bucket, &format!("tables/{}", table.name()));
        let rows: Vec<_> = keys.iter().flat_map(|key| file_rows(content(bucket, key))).collect();
        if !rows.is_empty() {
            tables.insert(table.name(), sorted(rows));
        }
    }
    tables
}

fn file_rows(file: bytes::Bytes) -> Vec<Value> {
    let reader = SerializedFileReader::new(file).expect("it is Parquet");
    let rows = reader.get_row_iter(None).expect("it has rows");
    rows.map(|row| {
        let row = row.expect("it is a row");
        let cells = row.get_column_iter().map(|(name, field)| (name.clone(), cell(field)));
        Value::Object(cells.collect::<Map<_, _>>())
    })
    .collect()
}

fn cell(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Str(text) => json!(text),
        Field::Long(number) => json!(number),
        Field::Double(number) => json!(number),
        Field::Bool(flag) => json!(flag),
        Field::TimestampMillis(time) => json!(Timestamp::from_epoch_millis(*time).expect("it is in range").to_string()),
        other => panic!("{other} is not of a type that tables have"),
    }
}
