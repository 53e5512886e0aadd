//! The table of CloudEvents.

use serde_json::{Value, json};

use crate::support::tables::rows_of;

fn row(body: &Value) -> Value {
    let mut tables = rows_of(body.to_string());
    let names: Vec<_> = tables.keys().copied().collect();
    assert_eq!(names, ["cloud_events", "events"], "{body}");
    assert_eq!((tables["cloud_events"].len(), tables["events"].len()), (1, 1));
    tables.remove("cloud_events").expect("it is there").remove(0)
}

#[test]
fn a_cloud_event_is_a_row_beside_that_of_events() {
    let body = json!({
        "specversion": "1.0", "id": "1", "source": "https://forms.example.org/sites/7", "type": "org.example.visit",
        "subject": "sites/7", "time": "2026-01-02T08:34:05.678901+05:30", "datacontenttype": "application/json",
        "dataschema": "#", "tenant": "north", "attempt": 2, "gone": null, "data": {"b": [1, "ü"], "a": null},
    });

    assert_eq!(
        row(&body),
        json!({"source": "https://forms.example.org/sites/7", "type": "org.example.visit", "subject": "sites/7",
            "time": "2026-01-02T03:04:05.678Z", "content_type": "application/json", "data_schema": "#",
            "data": "{\"a\":null,\"b\":[1,\"ü\"]}", "extensions": "{\"attempt\":2,\"tenant\":\"north\"}"})
    );
    let event = rows_of(body.to_string()).remove("events").expect("there is one").remove(0);
    assert_eq!(
        (&event["event_type"], &event["object_id"], &event["occurred_at"]),
        (&json!("org.example.visit"), &json!("sites/7"), &json!("2026-01-02T03:04:05.678Z"))
    );
}

#[test]
fn data_is_json_text_whatever_it_was() {
    let with = |more: Value| {
        let mut body = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"});
        body.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
        row(&body)["data"].clone()
    };
    assert_eq!(with(json!({})), Value::Null);
    assert_eq!(with(json!({"data": "text"})), "\"text\"");
    assert_eq!(with(json!({"data": "<a/>", "datacontenttype": "application/xml"})), "\"<a/>\"");
    assert_eq!(with(json!({"data_base64": "AP8=", "datacontenttype": "application/octet-stream"})), "\"AP8=\"");
    assert_eq!(with(json!({"data_base64": "eyJhIjogMX0="})), "{\"a\":1}");
    assert_eq!(with(json!({"data_base64": "AP8="})), "\"AP8=\"");
}

#[test]
fn a_cloud_event_of_a_kaizala_type_is_in_no_other_table_of_kaizala() {
    for event_type in ["ActionResponse", "MemberAdded", "TextMessageCreated", "JobCreated"] {
        let row = row(&json!({"specversion": "1.0", "id": "1", "source": "/s", "type": event_type,
            "data": {"text": "x", "actionId": "a", "responseId": "r", "member": "+15550001"}}));
        assert_eq!(row["type"], event_type);
    }
}
