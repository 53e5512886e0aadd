//! The page's data as JSON: lists of names, and sparse counts that refer to places in these lists.

use serde_json::{Value, json};

use super::{
    answers,
    calendar::Unit,
    cube::Cube,
    lists::{self, Named},
    plan::{Action, ReportPlan},
    room::name,
    tally::Tallied,
};
use crate::{event::Timestamp, tables::Zone};

/// What the page says about itself.
#[derive(Clone, Debug)]
pub struct About {
    /// When the page is made.
    pub made_at: Timestamp,
    /// Where the events come from, in words.
    pub source: String,
    /// Which events were left out on purpose, in words: one entry for each filter.
    pub filters: Vec<String>,
    /// Whose days and hours the page tells; `None` for UTC.
    pub zone: Option<Zone>,
    /// Whether phone numbers and names are hashes.
    pub is_redacted: bool,
}

/// Everything that the page shows. `items` and `damaged` are how many items were read and left out.
pub(super) fn page_data(
    plan: &ReportPlan,
    tallied: &Tallied,
    cube: &Cube,
    about: &About,
    [items, damaged]: [u64; 2],
) -> Value {
    let series = &cube.series;
    let (questions, dropped) = answers::questions(plan, tallied, cube);
    let mut named = Named::new(plan);
    let active = named.most_active();
    let (activity, active) = lists::activity(tallied, series, active);
    let open = lists::open(tallied, &mut named, series);
    let known = lists::known(tallied, &mut named);
    let groups = plan.groups.names.iter();
    let groups = groups.map(|id| json!({ "id": name(id), "name": plan.group_names.get(id).map(|text| name(text)) }));
    let calendar = &plan.calendar;
    json!({
        "about": {
            "made": calendar.begin(Unit::Second, about.made_at),
            "source": name(&about.source),
            "filters": about.filters.iter().map(|filter| name(filter)).collect::<Vec<_>>(),
            "zone": calendar.name(),
            "isRedacted": about.is_redacted,
            "items": items,
            "damaged": damaged,
            "version": env!("CARGO_PKG_VERSION"),
        },
        "period": plan.period.map(|(first, last)| [first, last].map(|time| calendar.begin(Unit::Second, time))),
        "unit": plan.bins.unit.name(),
        "bins": if plan.period.is_some() { plan.bins.labels() } else { Vec::new() },
        "groups": groups.collect::<Vec<_>>(),
        "furtherGroups": plan.groups.others,
        "types": plan.types.names.iter().map(|text| name(text)).collect::<Vec<_>>(),
        "furtherTypes": plan.types.others,
        "actions": plan.actions.iter().map(action).collect::<Vec<_>>(),
        "questions": questions,
        "furtherQuestions": plan.further_questions + dropped,
        "known": known,
        "activity": activity,
        "openJobs": open,
        "people": named.list(),
        "mostActive": active,
        "counts": cube.counts(),
        "quarantine": cube.quarantine(),
        "series": series.packed(),
    })
}

fn action(action: &Action) -> Value {
    match action {
        Action::None => json!({ "kind": "none" }),
        Action::One { id, title, package, is_job } => json!({
            "kind": if *is_job { "job" } else { "card" },
            "id": name(id),
            "title": title.as_deref().map(name),
            "package": package.as_deref().map(name),
        }),
        Action::Package { name: package, actions } => {
            json!({ "kind": "package", "package": name(package), "actions": actions })
        }
        Action::Others { actions } => json!({ "kind": "others", "actions": actions }),
    }
}
