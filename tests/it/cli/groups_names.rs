//! `kaizala groups set` and `kaizala pull --groups`: what groups are called, and who is believed.

use kaizala_webhook::simulator::api::example;
use serde_json::{Value, json};

use crate::support::Operator;

/// Id, name, type and source of every group that has a name.
async fn names(operator: &Operator) -> Vec<Value> {
    let items = operator.world.all_items().await;
    let names = items.into_iter().filter(|((group, _), _)| group == "groups");
    let mut names: Vec<_> = names
        .map(|((_, key), item)| json!([key, item.text("groupName"), item.text("groupType"), item.text("source")]))
        .collect();
    names.sort_by_key(Value::to_string);
    names
}

#[tokio::test]
async fn names_by_hand_are_kept_and_shown() {
    let operator = Operator::new().await;
    operator.world.deliver_body(r#"{"eventId":"1","eventType":"X","groupId":"g#1"}"#).await;
    let file = operator
        .write("groups.csv", "\u{feff}Id,Name\r\ng#1,\"Doctors, \"\"North\"\"\nand South\"\r\n\r\nh,Nurses,Sub\r\n");
    let file = file.to_str().expect("it is Unicode");

    assert_eq!(operator.run(&["groups", "set", file, "--json"]).await.json(), json!({ "groups": 2 }));
    assert_eq!(
        names(&operator).await,
        [json!(["g%231", "Doctors, \"North\"\nand South", null, "file"]), json!(["h", "Nurses", "Sub", "file"])]
    );
    let listed = operator.run(&["groups", "list", "--json"]).await.json();
    assert_eq!(listed["groups"][0]["name"], "Doctors, \"North\"\nand South");
    assert!(operator.run(&["groups", "list"]).await.ok().output.contains("Doctors"));
}

#[tokio::test]
async fn a_file_with_a_broken_line_says_which_and_changes_nothing() {
    let operator = Operator::new().await;
    let long = "x".repeat(1025);
    let cases = [
        ("a,A\nb\n", "line 2"),
        ("a,A\n\nb,B,C,D\n", "line 3"),
        ("a,\"two\nlines\"\n,B\n", "line 3"),
        ("a,A\nb,\n", "line 2"),
        ("a,A\nb,B\na,C\n", "line 3"),
        (&format!("a,A\n{long},B\n"), "line 2"),
        ("a,A\nb,\"B\nc,C\n", "quotation mark"),
        ("", "no group"),
    ];
    for (text, place) in cases {
        let file = operator.write("groups.csv", text);
        let ran = operator.run(&["groups", "set", file.to_str().expect("it is Unicode")]).await;
        assert_eq!(ran.code, 1, "{text}: {ran:?}");
        assert!(ran.error.contains("groups.csv") && ran.error.contains(place), "{text}: {ran:?}");
        assert!(ran.error.contains("nothing was changed"), "{ran:?}");
    }
    std::fs::write(operator.file("groups.csv"), b"a,A\nb,\xff\n").expect("there is room");
    let ran = operator.run(&["groups", "set", "groups.csv"]).await;
    assert!(ran.code == 1 && ran.error.contains("line 2"), "{ran:?}");

    assert!(names(&operator).await.is_empty());
}

#[tokio::test]
async fn the_api_names_groups_but_for_those_that_are_named_by_hand() {
    let operator = Operator::new().await;
    example::put_example(&operator.api);
    operator.api.put_group(json!({ "groupId": "b", "groupName": "Listed", "groupType": "Group" }), Vec::new());
    operator.api.put_group(json!({ "groupId": "c", "groupName": "" }), Vec::new());
    let file = operator.write("groups.csv", "b,By hand\n");
    operator.run(&["groups", "set", file.to_str().expect("it is Unicode")]).await.ok();

    for _ in 0..2 {
        operator.world.proxy.take_operations();
        let pulled = operator.run(&["pull", "--groups", "--json"]).await;
        assert_eq!(pulled.json(), json!({ "groups": 3, "named": 1, "namedByHand": 1, "unusable": 1 }));
        // One conditional write for each.
        assert_eq!(operator.world.proxy.take_operations(), ["PutItem", "PutItem"]);
    }
    assert_eq!(
        names(&operator).await,
        [json!([example::GROUP, "Shop visits", "Group", "api"]), json!(["b", "By hand", null, "file"])]
    );

    // By hand again beats the API's.
    let file = operator.write("groups.csv", &format!("{},Mine\n", example::GROUP));
    operator.run(&["groups", "set", file.to_str().expect("it is Unicode")]).await.ok();
    assert_eq!(names(&operator).await[0], json!([example::GROUP, "Mine", null, "file"]));
}

#[tokio::test]
async fn pull_wants_a_group_or_all_of_them() {
    let operator = Operator::new().await;

    assert_eq!(operator.run(&["pull", "--package", "p"]).await.code, 2);
    assert_eq!(operator.run(&["pull", "--groups", "--package", "p"]).await.code, 2);
}
