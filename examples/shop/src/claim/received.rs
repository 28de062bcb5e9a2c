//! What has arrived of a claim, counted.

use serde::Serialize;

use super::fields::LAST_STEP;
use crate::forms;

/// A claim as received so far. The counts let anyone see whether a form came once, twice or not at all.
#[derive(Default, Clone)]
pub(crate) struct Claim {
    steps: [Step; LAST_STEP],
}

/// One step: the latest form, and how many forms there were.
#[derive(Default, Clone)]
pub(super) struct Step {
    pub(super) arrivals: u32,
    pub(super) form: Submission,
}

/// One form, in the order in which its parts came.
#[derive(Default, Clone)]
pub(super) struct Submission {
    pub(super) values: Vec<(String, String)>,
    pub(super) files: Vec<Upload>,
}

/// A file that was counted and let go.
#[derive(Clone, Serialize)]
pub(super) struct Upload {
    pub(super) field: String,
    pub(super) name: String,
    pub(super) bytes: u64,
    /// FNV-1a of its content, 64 bits, in hexadecimal: tells an altered file from an intact one, no more.
    pub(super) fnv1a: String,
}

impl Claim {
    /// `number` counts from 1 and is a valid step.
    pub(super) fn step(&self, number: usize) -> &Step {
        &self.steps[number - 1]
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    pub(super) fn receive(&mut self, number: usize, form: Submission) {
        let step = &mut self.steps[number - 1];
        step.arrivals = step.arrivals.saturating_add(1);
        step.form = form;
    }
}

impl Submission {
    /// Takes the button that was pressed out of the form; the rest is the claim.
    pub(super) fn take_button(&mut self) -> String {
        let pressed = forms::value(&self.values, "go").to_owned();
        self.values.retain(|(name, _)| name != "go");
        pressed
    }
}
