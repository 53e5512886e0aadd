//! The Glue tables and views of `template.yaml`: made here out of the tables' columns and of `dashboards/athena/*.sql`.

use std::{env, fmt::Write, fs};

use kaizala_webhook::tables::{Column, ColumnType, Table};
use serde_json::json;

use crate::support::template::root;

const BEGIN: &str =
    "  # From here to the outputs: made out of src/tables/ and dashboards/athena/ by a test, with UPDATE_TEMPLATE=1.\n";
const END: &str = "\nOutputs:\n";

/// The views, each with the table whose columns it has.
const VIEWS: [(&str, Table); 6] = [
    ("cards", Table::Cards),
    ("groups", Table::Groups),
    ("latest_answers", Table::Answers),
    ("latest_job_responses", Table::JobResponses),
    ("latest_responses", Table::Responses),
    ("people", Table::People),
];

/// What the type is called in Glue, which has Hive's names.
fn hive(column: &Column) -> &'static str {
    match column.column_type {
        ColumnType::Text => "string",
        ColumnType::Integer => "bigint",
        ColumnType::Number => "double",
        ColumnType::Boolean => "boolean",
        ColumnType::Time => "timestamp",
        ColumnType::LocalTime | ColumnType::LocalDay => unreachable!("no table has a local time"),
    }
}

/// What the type is called in the definition of a view, which has Presto's names.
fn presto(column: &Column) -> &'static str {
    match column.column_type {
        ColumnType::Text => "varchar",
        _ => hive(column),
    }
}

/// `job_responses` as a part of a logical id: `JobResponses`.
fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn head(logical_id: &str, name: &str, table_type: &str) -> String {
    format!(
        "
  {logical_id}:
    Type: AWS::Glue::Table
    Condition: HasDashboardTables
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref AthenaDatabase
      TableInput:
        Name: {name}
        TableType: {table_type}
"
    )
}

fn columns(table: Table) -> String {
    let line = |column: &Column| format!("            - {{ Name: {}, Type: {} }}\n", column.name, hive(column));
    table.lake_columns().map(line).collect::<Vec<_>>().concat()
}

fn glue_table(table: Table) -> String {
    let name = table.name();
    // No lake is older than the range, and every day in it is a request to S3 for a query that names no day.
    format!(
        "{}        PartitionKeys: [{{ Name: day, Type: string }}]
        Parameters:
          EXTERNAL: \"TRUE\"
          classification: parquet
          projection.enabled: \"true\"
          projection.day.type: date
          projection.day.format: yyyy-MM-dd
          projection.day.range: 2026-01-01,NOW
          projection.day.interval: \"1\"
          projection.day.interval.unit: DAYS
          storage.location.template: !Sub s3://${{ExportsBucket}}/tables/{name}/day=${{!day}}/
        StorageDescriptor:
          Location: !Sub s3://${{ExportsBucket}}/tables/{name}/
          InputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat
          OutputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat
          SerdeInfo: {{ SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe }}
          Columns:
{}",
        head(&format!("{}GlueTable", camel(name)), name, "EXTERNAL_TABLE"),
        columns(table)
    )
}

fn glue_view(name: &str, table: Table) -> String {
    let sql = fs::read_to_string(root().join(format!("dashboards/athena/{name}.sql"))).expect("it is there");
    let sql: Vec<_> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    let mut selected: Vec<_> =
        table.lake_columns().map(|column| json!({"name": column.name, "type": presto(column)})).collect();
    // Of many days, where it sums over many items.
    if !table.is_summed() {
        selected.push(json!({"name": "day", "type": "varchar"}));
    }
    let day = if table.is_summed() { "" } else { "            - { Name: day, Type: string }\n" };
    let view = json!({
        "originalSql": sql.join("\n"),
        "catalog": "awsdatacatalog",
        "schema": "${AthenaDatabase}",
        "columns": selected,
    });
    // In single quotes, YAML knows no escape but two of them.
    let view = view.to_string().replace('\'', "''");
    format!(
        "{}        Parameters: {{ presto_view: \"true\", comment: Presto View }}
        ViewExpandedText: /* Presto View */
        ViewOriginalText: !Sub
          - \"/* Presto View: ${{view}} */\"
          - view: !Base64
              Fn::Sub: '{view}'
        StorageDescriptor:
          SerdeInfo: {{}}
          Columns:
{}{day}",
        head(&format!("{}View", camel(name)), name, "VIRTUAL_VIEW"),
        columns(table)
    )
}

#[test]
fn the_glue_tables_and_views_of_the_template_are_made_of_the_columns_and_the_sql_as_they_are() {
    let mut made = String::new();
    for table in Table::ALL.into_iter().filter(|table| !table.is_summed()) {
        made.push_str(&glue_table(table));
    }
    for (name, table) in VIEWS {
        made.push_str(&glue_view(name, table));
    }
    let file = root().join("template.yaml");
    let text = fs::read_to_string(&file).expect("it is there");
    let (before, rest) = text.split_once(BEGIN).expect("the part begins");
    let (_, after) = rest.split_once(END).expect("the part ends");
    let mut current = String::new();
    write!(current, "{before}{BEGIN}{made}{END}{after}").expect("there is memory");
    if env::var_os("UPDATE_TEMPLATE").is_some() {
        fs::write(&file, &current).expect("it can be written");
    }

    let text = fs::read_to_string(&file).expect("it is there");
    assert!(
        text == current,
        "template.yaml has not the tables as they are: UPDATE_TEMPLATE=1 cargo test --features cli glue_tables"
    );
}

#[test]
fn every_file_of_sql_is_a_view_and_all_of_it_is_short() {
    let folder = root().join("dashboards/athena");
    let mut names = Vec::new();
    let mut lines = 0;
    for file in fs::read_dir(folder).expect("it is there") {
        let path = file.expect("it is there").path();
        lines += fs::read_to_string(&path).expect("it is text").lines().count();
        names.push(path.file_name().expect("it has a name").to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, VIEWS.map(|(name, _)| format!("{name}.sql")));
    assert!(lines < 180, "{lines} lines: the rows are made in src/tables, and not in SQL");
}
