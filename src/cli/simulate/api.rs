//! `kaizala simulate api`: Kaizala's API on this machine.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::cli::{
    output::say,
    serving::{listen, log_to_stderr, shutdown},
};
use crate::simulator::api::{self, ApiConfig, Credentials};

/// Serve Kaizala's API on this machine: access tokens, subscriptions, and a little data to pull.
///
/// Application and tokens are made up, and everything is gone when the command ends. Callback URLs must be https, or be
/// on this machine.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala simulate api --port 9100")]
pub(in crate::cli) struct Api {
    /// Port of the API; 0 for any free one.
    #[arg(long, env = "KAIZALA_SIMULATOR_API_PORT", default_value_t = 9100)]
    port: u16,
}

impl Api {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        log_to_stderr();
        let listener = listen(self.port, "--port").await?;
        let config = ApiConfig::new(format!("http://{}", listener.local_addr()?));
        let api = api::Api::new(config.clone());
        put_example(&api);
        introduce(&config.endpoint_url, &config.credentials)?;
        axum::serve(listener, api.router()).with_graceful_shutdown(shutdown()).await.context("the API cannot be served")
    }
}

/// What a shell and a person need to know. The secrets are good for nothing but this run.
fn introduce(url: &str, credentials: &Credentials) -> anyhow::Result<()> {
    say(format_args!("API  {url}"))?;
    say("")?;
    say("The application and its tokens:")?;
    say(format_args!("  export KAIZALA_API_URL={url}"))?;
    say(format_args!("  export KAIZALA_APPLICATION_ID={}", credentials.application_id))?;
    say(format_args!("  export KAIZALA_APPLICATION_SECRET={}", credentials.application_secret))?;
    say(format_args!("  export KAIZALA_REFRESH_TOKEN={}", credentials.refresh_token))?;
    say("")?;
    say("Get an access token:")?;
    say(format_args!(
        "  curl -H \"applicationId: $KAIZALA_APPLICATION_ID\" -H \"applicationSecret: $KAIZALA_APPLICATION_SECRET\" \
         -H \"refreshToken: $KAIZALA_REFRESH_TOKEN\" {url}/v1/accessToken"
    ))?;
    say("")?;
    say(format_args!("There is group {GROUP} with package {PACKAGE}."))
}

const GROUP: &str = "5d0c6a3e-58c1-4f7e-9a2b-6f1d0e7c4b21@1";
const PACKAGE: &str = "com.example.shopvisit";

/// A group, and an action of a package with two responses.
fn put_example(api: &api::Api) {
    const ACTION: &str = "b8a1f9d2-0c35-4e61-8f0a-2d9be1c7a604";
    let details = json!({
        "groupId": GROUP,
        "groupName": "Shop visits",
        "groupImageUrl": "",
        "hasSubGroups": false,
        "hasParentGroups": false,
        "userCount": 2,
        "groupType": "Group",
    });
    let members =
        [("user-1", "Admin", "+12025550101", "Asha Example"), ("user-2", "Member", "+12025550102", "Ben Example")];
    let members = members.map(|(id, role, number, name)| {
        json!({
            "id": id,
            "role": role,
            "mobileNumber": number,
            "name": name,
            "profilePic": "",
        })
    });
    let questions = json!([
        { "title": "Shop", "type": "Text", "options": [] },
        { "title": "Open", "type": "SingleOption", "options": [{ "title": "Yes" }, { "title": "No" }] },
    ]);
    let response = |id: &str, number: &str, name: &str, shop: &str, open: &str| {
        let mut answered = questions.clone();
        for (index, answer) in [json!(shop), json!([open])].into_iter().enumerate() {
            answered[index]["answer"] = answer;
        }
        json!({
            "actionId": ACTION,
            "packageId": PACKAGE,
            "groupId": GROUP,
            "responseId": id,
            "responder": number,
            "responderName": name,
            "responderProfilePic": "",
            "responseDetails": { "responseWithQuestions": answered },
        })
    };
    let responses = vec![
        response("response-1", "+12025550101", "Asha Example", "Corner Shop", "Yes"),
        response("response-2", "+12025550102", "Ben Example", "Market Hall", "No"),
    ];
    let action = json!({
        "id": PACKAGE,
        "packageId": PACKAGE,
        "actionType": "Survey",
        "sender": "+12025550101",
        "creationTime": 1_684_144_800,
        "actionBody": { "actionId": ACTION, "title": "Shop visit", "questions": questions },
    });
    api.put_group(details, members.into());
    api.put_action(GROUP, action, responses);
}
