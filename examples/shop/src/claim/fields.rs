//! The forty fields of a damage claim, in four steps.

use crate::forms::{Field, Group, Kind};

// Not the length of the array below: the compiler would have to know its functions to know the sizes of types.
pub(super) const LAST_STEP: usize = 4;

const COUNTRIES: &[&str] = &["Denmark", "France", "Germany", "Ireland", "Netherlands", "Norway", "Sweden"];
const BOATS: &[&str] = &["Sailing boat", "Motor boat", "Rowing boat", "Houseboat", "Something else"];
const HULLS: &[&str] = &["Wood", "Glass fibre", "Steel", "Aluminium"];
const WEATHERS: &[&str] = &["Clear", "Overcast", "Rain", "Fog", "Storm"];
const YES_OR_NO: &[&str] = &["Yes", "No"];

pub(super) const STEPS: [Group; LAST_STEP] = [
    Group {
        title: "About you",
        fields: &[
            text("full_name", "Full name").autocomplete("name"),
            Field::new("birth_date", "Date of birth", Kind::Input("date")).autocomplete("bday"),
            Field::new("email", "Email", Kind::Input("email")).autocomplete("email"),
            Field::new("phone", "Telephone", Kind::Input("tel")).autocomplete("tel"),
            text("street", "Street and number").autocomplete("address-line1"),
            text("town", "Town").autocomplete("address-level2"),
            text("postcode", "Postcode").autocomplete("postal-code"),
            Field::new("country", "Country", Kind::Select(COUNTRIES)).autocomplete("country-name"),
            Field::new("contact_by", "How may we reach you?", Kind::Radio(&["Email", "Telephone", "Letter"])),
            text("contact_time", "Best time of day").hint("For instance: after six in the evening"),
        ],
    },
    Group {
        title: "The boat",
        fields: &[
            text("boat_name", "Name of the boat"),
            Field::new("boat_kind", "Kind", Kind::Select(BOATS)),
            text("registration", "Registration").hint("As painted on the hull"),
            text("builder", "Builder"),
            Field::new("build_year", "Year built", Kind::Input("number")),
            Field::new("length", "Length in metres", Kind::Decimal),
            Field::new("hull", "Hull", Kind::Select(HULLS)),
            text("engine", "Engine").hint("Make and power"),
            text("home_port", "Home port"),
            text("berth", "Berth"),
        ],
    },
    Group {
        title: "What happened",
        fields: &[
            Field::new("incident_date", "Day", Kind::Input("date")),
            Field::new("incident_time", "Time", Kind::Input("time")),
            text("incident_place", "Place").hint("A harbour, a buoy, or a position"),
            Field::new("weather", "Weather", Kind::Select(WEATHERS)),
            Field::new("wind_force", "Wind force, 0 to 12", Kind::Input("number")),
            text("helm", "Who was at the helm?"),
            Field::new("aboard", "People aboard", Kind::Input("number")),
            Field::new("injuries", "Was anyone hurt?", Kind::Radio(YES_OR_NO)),
            Field::new("account", "What happened, in your own words", Kind::Area),
            Field::new("witnesses", "Who saw it?", Kind::Area).hint("Names, and how to reach them"),
        ],
    },
    Group {
        title: "Damage and payment",
        fields: &[
            Field::new("damage", "What is damaged?", Kind::Area),
            Field::new("estimate", "Estimate in euros", Kind::Input("number")),
            text("yard", "Repair yard"),
            Field::new("yard_phone", "Telephone of the yard", Kind::Input("tel")),
            text("police_reference", "Police reference").hint("If there is one"),
            text("other_insurer", "Other insurer").hint("If there is one"),
            text("account_holder", "Account holder"),
            text("account_number", "Account number").autocomplete("off").hint("Where we pay to"),
            Field::new("repaired", "Has it been repaired?", Kind::Radio(YES_OR_NO)),
            Field::new(
                "declaration",
                "What I have written here is true to the best of my knowledge",
                Kind::Check,
            ),
        ],
    },
];

const fn text(name: &'static str, label: &'static str) -> Field {
    Field::new(name, label, Kind::Input("text"))
}
