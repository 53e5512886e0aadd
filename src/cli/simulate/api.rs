//! `kaizala simulate api`: serves a simulation of Kaizala's API on this machine.

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::cli::{
    output::say,
    serving::{listen, log_to_stderr, shutdown},
};
use crate::simulator::api::{self, ApiConfig, Credentials, example};

/// Serve a simulation of Kaizala's API on this machine: access tokens, subscriptions, and some responses to pull.
///
/// Application and tokens are made up, and nothing is kept when the command ends. Callback URLs must be https, or on this
/// machine.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala simulate api --port 9100\n  kaizala simulate api --disable")]
pub(in crate::cli) struct Api {
    /// Port of the API; 0 for any free one.
    #[arg(long, env = "KAIZALA_SIMULATOR_API_PORT", default_value_t = 9100)]
    port: u16,

    /// Disable each subscription this many seconds after it was made, to rehearse what to do when Kaizala disables one. A
    /// subscription that was enabled again stays enabled.
    #[arg(long, env = "KAIZALA_SIMULATOR_API_DISABLE", value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5")]
    disable: Option<u32>,
}

impl Api {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        log_to_stderr();
        let listener = listen(self.port, "--port").await?;
        let disable_after = self.disable.map(|seconds| Duration::from_secs(seconds.into()));
        let config = ApiConfig { disable_after, ..ApiConfig::new(format!("http://{}", listener.local_addr()?)) };
        let api = api::Api::new(config.clone());
        example::put_example(&api);
        if let Some(seconds) = self.disable {
            say(format_args!("Each subscription is disabled {seconds} s after it was made, once."))?;
        }
        introduce(&config.endpoint_url, &config.credentials)?;
        axum::serve(listener, api.router()).with_graceful_shutdown(shutdown()).await.context("the API cannot be served")
    }
}

/// Prints what a person needs, in a form that a shell takes. The secrets are valid for this run only.
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
    say(format_args!("There is group {} with package {}.", example::GROUP, example::PACKAGE))
}
