//! The forms that members send to their groups: what cards ask.

/// One question of a card.
pub(super) struct Ask {
    pub(super) title: &'static str,
    pub(super) kind: QuestionKind,
    /// The options to choose from.
    pub(super) options: &'static [&'static str],
    /// Whether the app answers it, unseen.
    pub(super) is_invisible: bool,
}

/// The types of questions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum QuestionKind {
    Text,
    LargeText,
    Numeric,
    SingleOption,
    SingleOptionExternal,
    MultiOption,
    MultipleOption,
    DateTime,
    Date,
    Location,
    AttachmentList,
    Image,
    PhoneNumber,
    /// A type that nobody has documented.
    Rating,
}

/// A form that cards are made from. Each has a question for text, so that an edit can always say something new.
pub(super) struct Template {
    /// The action package behind it, without version; `None` for what comes with the app.
    pub(super) package: Option<&'static str>,
    pub(super) title: &'static str,
    pub(super) asks: &'static [Ask],
}

/// The question that the app appends to most cards.
pub(super) static RESPONSE_TIME: Ask = invisible("ResponseTime", QuestionKind::DateTime);

/// The same in its other spelling.
pub(super) static RESPONSE_TIME_SPACED: Ask = invisible("Response Time", QuestionKind::DateTime);

const fn ask(title: &'static str, kind: QuestionKind) -> Ask {
    Ask { title, kind, options: &[], is_invisible: false }
}

const fn choose(title: &'static str, kind: QuestionKind, options: &'static [&'static str]) -> Ask {
    Ask { title, kind, options, is_invisible: false }
}

const fn invisible(title: &'static str, kind: QuestionKind) -> Ask {
    Ask { title, kind, options: &[], is_invisible: true }
}

impl QuestionKind {
    /// The name in `type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::LargeText => "LargeText",
            Self::Numeric => "Numeric",
            Self::SingleOption => "SingleOption",
            Self::SingleOptionExternal => "SingleOptionExternal",
            Self::MultiOption => "MultiOption",
            Self::MultipleOption => "MultipleOption",
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Location => "Location",
            Self::AttachmentList => "AttachmentList",
            Self::Image => "Image",
            Self::PhoneNumber => "PhoneNumber",
            Self::Rating => "Rating",
        }
    }
}

/// The forms of action cards.
pub(super) static ACTIONS: [Template; 5] = [
    Template {
        package: Some("com.example.visit"),
        title: "Shop visit",
        asks: &[
            ask("Business Location", QuestionKind::Text),
            ask("Business Name", QuestionKind::Text),
            choose(
                "Category",
                QuestionKind::SingleOption,
                &["Banks", "Hotels & Restaurants", "Service", "\"Other\"", "Школы"],
            ),
            ask("Phone Number", QuestionKind::PhoneNumber),
            ask("Business Image", QuestionKind::AttachmentList),
            ask("Location", QuestionKind::Location),
            choose("On the shelf", QuestionKind::MultiOption, &["Rice", "Oil", "Juice, mixed", "चाय", "None"]),
            ask("Remarks", QuestionKind::LargeText),
        ],
    },
    Template {
        package: Some("com.example.OrderForm"),
        title: "Order form",
        asks: &[
            choose(
                "Retailer Outlet",
                QuestionKind::SingleOption,
                &["ABC Example Traders", "BCD Sample Distributors", "EFG Muster wholesale"],
            ),
            ask("Rice 1KG", QuestionKind::Numeric),
            ask("Rice 5KG", QuestionKind::Numeric),
            ask("Mixed Fruit Juice 250ml", QuestionKind::Numeric),
            ask("Product List", QuestionKind::Text),
            ask("Deliver on", QuestionKind::Date),
            ask("Location", QuestionKind::Location),
        ],
    },
    Template {
        package: Some("com.example.inspection"),
        title: "निरीक्षण",
        asks: &[
            choose("जिला", QuestionKind::SingleOptionExternal, &["North", "South", "पूर्व", "पश्चिम"]),
            ask("फोटो", QuestionKind::Image),
            ask("Inspected at", QuestionKind::DateTime),
            ask("Overall", QuestionKind::Rating),
            // Titles are not unique.
            ask("टिप्पणी", QuestionKind::Text),
            ask("टिप्पणी", QuestionKind::Text),
            ask("", QuestionKind::Numeric),
        ],
    },
    Template {
        package: Some("com.example.clinic"),
        title: "Приём пациентов",
        asks: &[
            ask("Количество", QuestionKind::Numeric),
            choose("Symptoms", QuestionKind::MultipleOption, &["Fever", "Cough", "Headache", "Другое"]),
            ask("Last visit", QuestionKind::Date),
            ask("هاتف", QuestionKind::PhoneNumber),
            ask("Notes", QuestionKind::LargeText),
            ask("Photo", QuestionKind::Image),
        ],
    },
    Template {
        package: Some("com.dynamic.example.appf"),
        title: "Long form (all fields)",
        asks: &[
            ask("PO Number", QuestionKind::Text),
            ask("Product List", QuestionKind::Text),
            ask("Vendor Name", QuestionKind::Text),
            ask("Vendor Id", QuestionKind::Text),
            ask("Shipping Address", QuestionKind::LargeText),
            ask("Shipping State", QuestionKind::Text),
            choose(
                "PO Approval",
                QuestionKind::SingleOption,
                &["Invoice Raised", "PO Reject", "PO Accept", "ERP Upload Failure", "ERP Upload Success"],
            ),
            ask("Buyer ID", QuestionKind::Text),
            ask("Buyer Name", QuestionKind::Text),
            ask("Buyer Phone", QuestionKind::PhoneNumber),
            ask("Quantity", QuestionKind::Numeric),
            ask("Unit price", QuestionKind::Numeric),
            ask("Total", QuestionKind::Numeric),
            ask("Ordered on", QuestionKind::Date),
            ask("Needed at", QuestionKind::DateTime),
            ask("Warehouse", QuestionKind::Location),
            ask("Drop-off", QuestionKind::Location),
            ask("Scans", QuestionKind::AttachmentList),
            ask("Signature", QuestionKind::Image),
            choose("Handling", QuestionKind::MultiOption, &["Fragile", "Cold", "This side up ↑", "Dangerous"]),
            ask("Supplier", QuestionKind::Rating),
            ask("Remarks", QuestionKind::LargeText),
        ],
    },
];

/// The forms of surveys.
pub(super) static SURVEYS: [Template; 3] = [
    Template {
        package: None,
        title: "How was the training?",
        asks: &[
            choose("Overall", QuestionKind::SingleOption, &["Good", "Average", "Bad"]),
            choose("Which sessions?", QuestionKind::MultiOption, &["Morning", "Noon", "Evening"]),
            ask("What could be better?", QuestionKind::Text),
        ],
    },
    Template {
        package: Some("com.example.survey"),
        title: "استبيان المتاجر",
        asks: &[
            ask("1", QuestionKind::Text),
            ask("2", QuestionKind::AttachmentList),
            ask("العدد", QuestionKind::Numeric),
            choose("المدينة", QuestionKind::SingleOptionExternal, &["المدينة أ", "المدينة ب"]),
            ask("الموقع", QuestionKind::Location),
        ],
    },
    Template {
        package: None,
        title: "健康调查",
        asks: &[
            ask("日期", QuestionKind::Date),
            choose("症状", QuestionKind::MultiOption, &["发烧", "咳嗽", "没有"]),
            ask("备注", QuestionKind::LargeText),
        ],
    },
];

/// The forms of polls.
pub(super) static POLLS: [Template; 2] = [
    Template {
        package: None,
        title: "Lunch on Friday?",
        asks: &[
            choose("Lunch on Friday?", QuestionKind::SingleOption, &["Yes", "No", "Only cake \u{1f370}"]),
            ask("Comment", QuestionKind::Text),
        ],
    },
    Template {
        package: None,
        title: "किस दिन मिलें?",
        asks: &[
            choose("किस दिन मिलें?", QuestionKind::SingleOption, &["सोमवार", "मंगलवार", "बुधवार"]),
            ask("Comment", QuestionKind::Text),
        ],
    },
];

/// The forms of meeting proposals.
pub(super) static MEETINGS: [Template; 1] = [Template {
    package: None,
    title: "Let's meet",
    asks: &[
        choose("Coming?", QuestionKind::SingleOption, &["Yes", "No", "Maybe"]),
        ask("Where", QuestionKind::Location),
        ask("Remarks", QuestionKind::Text),
    ],
}];
