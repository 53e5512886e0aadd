//! Tables of words. Everything in them is made up, and looks it.

/// First names in the scripts that members write theirs in.
pub(super) const FIRST_NAMES: [&str; 24] = [
    "Asha",
    "Ben",
    "Carla",
    "Deepak",
    "Elif",
    "Farid",
    "Grace",
    "Hiro",
    "Ines",
    "Jomo",
    "Kavya",
    "Lars",
    "Mei",
    "Noor",
    "Óscar",
    "Priya",
    "आशा",
    "रवि",
    "ليلى",
    "سمير",
    "Анна",
    "Пётр",
    "美咲",
    "小明",
];

/// Last names that nobody has.
pub(super) const LAST_NAMES: [&str; 12] = [
    "Example",
    "Sample",
    "Muster",
    "Placeholder",
    "Fictitious",
    "O'Example",
    "उदाहरण",
    "مثال",
    "Примеров",
    "例",
    "Ejemplo",
    "Exemple-Échantillon",
];

/// What people write: one thought in one script each, with what breaks careless readers mixed in.
pub(super) const PHRASES: [&str; 48] = [
    "Reached the site, starting now.",
    "ok",
    "Please send yesterday's numbers before noon.",
    "The pump at well 7 is running again.",
    "Thanks!",
    "Stock is down to 14 boxes; the next delivery is on Monday.",
    "Can somebody take over the afternoon round?",
    "She said \"not before Friday\" and left.",
    "Path is C:\\Reports\\Week 12\\final.xlsx",
    "Price went from 12.50 to 13,75 (+10 %).",
    "First line\nSecond line\n\nFourth line",
    "Name\tQuantity\tUnit",
    "Windows line\r\nend",
    "  two spaces on both sides  ",
    "<b>Not bold</b> & <script>alert('no')</script>",
    "{\"looks\":\"like JSON\"}",
    "=1+1",
    "=HYPERLINK(\"https://example.com/\",\"click\")",
    "+15550100 please call back",
    "-2+3",
    "@SUM(A1:A9)",
    "100% done, 50% paid; \u{20b9}2,400 open",
    "\u{1f44d}",
    "Great work everybody \u{1f389}\u{1f389}\u{1f389}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} family visit, \u{1f1ee}\u{1f1f3} flag, \u{1f44b}\u{1f3fd}",
    "Cafe\u{301} with a combining accent, café without",
    "बैठक कल सुबह दस बजे है।",
    "काम पूरा हो गया, फोटो भेज रहा हूँ।",
    "कृपया सूची की जाँच करें: चावल, दाल, तेल।",
    "পরিদর্শন শেষ, সব ঠিক আছে।",
    "இன்று மழை, நாளை தொடர்வோம்.",
    "تم تسليم الطلب إلى المتجر.",
    "\u{200f}الاجتماع غدًا في الساعة 10:30\u{200f}",
    "المبلغ \u{202a}+1 555 0100\u{202c} غير صحيح",
    "הפגישה נדחתה ליום ראשון.",
    "Доставка задерживается на два дня.",
    "Проверьте, пожалуйста, отчёт за март.",
    "Готово ✔",
    "会议改到下午三点。",
    "库存不足,请补货。",
    "写真を添付しました。",
    "ありがとうございます🙏",
    "확인했습니다.",
    "Ολοκληρώθηκε η επιθεώρηση.",
    "การตรวจสอบเสร็จแล้ว",
    "Xin chào, đã nhận được hàng.",
    "Mañana será más fácil, ¿no?",
    "Zero\u{200b}width and no\u{a0}break spaces",
];

/// Short answers to text questions.
pub(super) const SHORT_ANSWERS: [&str; 24] = [
    "Hotel ",
    " Sample Traders",
    "Example Stores & Sons",
    "purchase order #5620",
    "n/a",
    "-",
    "0",
    "null",
    "07000000003",
    "12/34",
    "Ward 3, Example Nagar",
    "Store 7",
    "=1+1",
    "O'Example \"Corner\" Shop",
    "none\n",
    "नमूना भंडार",
    "उदाहरण नगर, वार्ड 3",
    "متجر المثال",
    "\u{200f}شارع 7\u{200f}",
    "Магазин «Пример»",
    "例商店",
    "サンプル工場",
    "🏪",
    "Straße 12½",
];

/// Headlines of announcements.
pub(super) const HEADLINES: [&str; 10] = [
    "Office closed on Friday",
    "New reporting form",
    "Safety first",
    "Week 12: results",
    "कल अवकाश रहेगा",
    "إعلان مهم",
    "Внимание!",
    "重要通知",
    "Vaccination camp \u{1f489}",
    "Sent by Asha Example",
];

/// Titles of jobs.
pub(super) const JOBS: [&str; 10] = [
    "Check the generator",
    "Deliver 20 boxes to store 7",
    "Call the supplier back",
    "Photograph the shelf",
    "Repair \"Gate B\"",
    "मीटर की रीडिंग भेजें",
    "أرسل التقرير",
    "Заменить фильтр",
    "盘点库存",
    "=follow up",
];

/// Names of sub-groups.
pub(super) const GROUP_NAMES: [&str; 10] = [
    "North team",
    "Drivers",
    "Night shift \u{1f319}",
    "Store managers",
    "उत्तर क्षेत्र",
    "فريق المبيعات",
    "Склад",
    "第二班",
    "R&D",
    "Example district / block 4",
];

/// Places, with the addresses that go with them.
pub(super) const PLACES: [(&str, &str); 8] = [
    ("Example Building 3", "1 Sample Road, Exampleville"),
    ("Store 7", "7 Placeholder Street"),
    ("उदाहरण चौक", "उदाहरण नगर"),
    ("ساحة المثال", "شارع 7"),
    ("Площадь Примера", "ул. Образцовая, 5"),
    ("例公园", "例市样本路1号"),
    ("Warehouse \"B\"", "Dock 2\nSample Harbour"),
    ("Café Échantillon", "12 rue de l'Exemple"),
];

/// What subscribers register as callBackContext.
pub(super) const CONTEXTS: [&str; 6] = [
    "Any data which is required to be returned in callback",
    "{\"tenant\":\"example\",\"stage\":\"test\"}",
    "district=example&block=4",
    "संदर्भ 7",
    "https://example.com/inspect?id=1&view=all",
    "7",
];

/// Event types that nobody has documented.
pub(super) const UNKNOWN_TYPES: [&str; 4] =
    ["ReactionCreated", "MessageDeleted", "LocationShared", "ActionPropertiesUpdated"];

/// What people react with.
pub(super) const REACTIONS: [&str; 5] = ["\u{1f44d}", "\u{2764}\u{fe0f}", "\u{1f602}", "\u{1f44f}\u{1f3fe}", "Like"];
