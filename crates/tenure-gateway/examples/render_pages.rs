//! Writes every page of the gateway in every language, with sample data, into a folder: for screenshots and
//! accessibility checks.
//!
//! `cargo run -p tenure-gateway --example render_pages -- DIR` writes `DIR/<page>.<language>.html` and the assets where
//! the pages expect them below `/.tenure`.

use std::path::Path;
use std::{env, fs};

use tenure_gateway::assets;
use tenure_gateway::browser::Browser;
use tenure_gateway::kept::State;
use tenure_gateway::kept::summary::{Field, Shown};
use tenure_gateway::language::{Language, client_script};
use tenure_gateway::pages::{
    AccountSessions, DisplacedBy, ErrorKind, ErrorPage, FormProblem, FrameDone, Incident, KeptList,
    KeptRequest, KeptRow, Maintenance, Moment, NotKeptPage, NotKeptReason, PageContext, RecentSignIn,
    SentWork, SessionLimit, SessionRow, SignIn, SignedOut, Status, StepUp, Unlock, UnlockFrame, Why, words,
};

const NOW: u64 = 1_795_438_080_000;
const MINUTE: u64 = 60_000;
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
];

/// The pages of one language.
struct Pages {
    language: Language,
    pages: Vec<(String, Result<String, askama::Error>)>,
}

impl Pages {
    fn context(&self) -> PageContext {
        PageContext {
            base_path: "/.tenure".into(),
            request_id: "req_4f0c2a91".into(),
            language: self.language,
        }
    }

    fn push(&mut self, page: (String, Result<String, askama::Error>)) {
        self.pages.push(page);
    }

    fn device(&self, agent: &str) -> String {
        Browser::from_user_agent(agent).words(self.language)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = env::args().nth(1).ok_or("usage: render_pages DIR")?;
    let dir = Path::new(&dir);
    for asset in assets::all() {
        let path = dir.join(".tenure").join(asset.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, asset.body)?;
    }
    fs::write(dir.join(".tenure/words.js"), client_script(Language::ENGLISH))?;
    for language in Language::all() {
        let mut pages = Pages { language, pages: Vec::new() };
        sign_in(&mut pages);
        proofs(&mut pages);
        kept(&mut pages);
        reasons(&mut pages);
        lists(&mut pages);
        errors(&mut pages);
        for (name, html) in pages.pages {
            fs::write(dir.join(format!("{name}.{}.html", language.tag())), html?)?;
        }
    }
    Ok(())
}

fn sign_in(pages: &mut Pages) {
    let ctx = pages.context();
    let plain = SignIn {
        ctx: ctx.clone(),
        form_token: "sample".into(),
        return_to: "/wiki/start?edit=1".into(),
        username: String::new(),
        remember: Some(false),
        notice: None,
        problem: None,
        plain_http: false,
    };
    let wrong =
        SignIn { username: "ada".into(), problem: Some(FormProblem::WrongCredentials), ..plain.clone() };
    let arrived = SignIn {
        notice: words::find("idle").map(|words| words.message(ctx.language)),
        plain_http: true,
        ..plain.clone()
    };
    for (name, problem) in [
        ("throttled", FormProblem::Throttled { wait_seconds: 30 }),
        ("form-too-old", FormProblem::FormTooOld),
        ("cookies-blocked", FormProblem::CookiesBlocked),
        ("unavailable", FormProblem::Unavailable),
    ] {
        let page = SignIn { problem: Some(problem), remember: None, ..wrong.clone() };
        pages.push((format!("sign-in-{name}"), page.render()));
    }
    pages.push(("sign-in".into(), plain.render()));
    pages.push(("sign-in-wrong".into(), wrong.render()));
    pages.push(("sign-in-arrived".into(), arrived.render()));
}

fn proofs(pages: &mut Pages) {
    let ctx = pages.context();
    let unlock = Unlock {
        ctx: ctx.clone(),
        form_token: "sample".into(),
        return_to: "/wiki/start".into(),
        username: "ada".into(),
        reason: "idle".into(),
        since: Some(Moment(NOW - 42 * MINUTE)),
        kept_until: Some(Moment(NOW + 1398 * MINUTE)),
        kept: "kept_0f".into(),
        sent_work: Some(SentWork::Kept),
        problem: None,
    };
    let wrong = Unlock {
        problem: Some(FormProblem::WrongPassword),
        sent_work: Some(SentWork::OtherSite),
        ..unlock.clone()
    };
    let step_up = StepUp {
        ctx: ctx.clone(),
        form_token: "sample".into(),
        return_to: "/admin/users".into(),
        username: "ada".into(),
        kept: String::new(),
        sent_work: None,
        recent: Some(RecentSignIn { page: "/admin/users".into(), within_seconds: 600 }),
        problem: None,
    };
    pages.push(("unlock".into(), unlock.render()));
    pages.push(("unlock-wrong".into(), wrong.render()));
    let frame = UnlockFrame {
        purpose: "unlock",
        ctx: ctx.clone(),
        form_token: "sample".into(),
        return_to: "/wiki/start".into(),
        username: "ada".into(),
        problem: Some(FormProblem::WrongPassword),
    };
    let any = StepUp { recent: None, ..step_up.clone() };
    pages.push(("step-up".into(), step_up.render()));
    pages.push(("step-up-any".into(), any.render()));
    pages.push(("unlock-frame".into(), frame.render()));
    pages.push(("frame-active".into(), FrameDone { ctx: ctx.clone(), is_active: true }.render()));
    pages.push(("frame-ended".into(), FrameDone { ctx, is_active: false }.render()));
}

fn kept(pages: &mut Pages) {
    let ctx = pages.context();
    let field = |name: &str, value| Field { name: name.into(), value };
    let text = |text: &str, whole| Shown::Text { text: text.into(), whole };
    let form = KeptRequest {
        ctx: ctx.clone(),
        form_token: "sample".into(),
        id: "kept_7b1".into(),
        subject: "ada".into(),
        method: "POST".into(),
        host: "wiki.example.com".into(),
        address: "/wiki/start?do=save".into(),
        sent: Moment(NOW - 2 * MINUTE),
        kept_until: Moment(NOW + 1398 * MINUTE),
        size: 12 << 10,
        content_type: None,
        fields: vec![
            field("title", text("Minutes of Monday", true)),
            field(
                "text",
                text(
                    "First line.\nSecond line, with averyveryveryveryveryveryverylongwordthatdoesnotfit.",
                    false,
                ),
            ),
            field("عنوان", text("محضر اجتماع الاثنين (2026)", true)),
            field("picture", Shown::File { name: "harbour.jpg".into(), size: 11 << 10 }),
            field("password", Shown::Secret),
            field("summary", text("", true)),
        ],
        more: 12,
        state: State::Waiting,
    };
    let unsure = KeptRequest { state: State::Unsure, more: 0, ..form.clone() };
    let sending = KeptRequest { state: State::Sending, fields: vec![], more: 0, ..form.clone() };
    let json = KeptRequest {
        method: "PUT".into(),
        content_type: Some("application/json".into()),
        fields: vec![],
        more: 0,
        ..form.clone()
    };
    let row = |address: &str, unsure| KeptRow {
        id: "kept_7b1".into(),
        address: address.into(),
        kept: Moment(NOW - 2 * MINUTE),
        kept_until: Moment(NOW + 1398 * MINUTE),
        size: 20 << 20,
        unsure,
    };
    let rows = vec![row("/claim/4", false), row("/wiki/start?do=save&page=averyveryverylongpagename", true)];
    let list = KeptList { ctx: ctx.clone(), form_token: "sample".into(), rows, discarded: true };
    let empty = KeptList { rows: vec![], discarded: false, ..list.clone() };
    pages.push(("kept".into(), form.render()));
    pages.push(("kept-unsure".into(), unsure.render()));
    pages.push(("kept-sending".into(), sending.render()));
    pages.push(("kept-json".into(), json.render()));
    pages.push(("kept-list".into(), list.render()));
    pages.push(("kept-list-empty".into(), empty.render()));
    for (name, reason) in [
        ("too-large", NotKeptReason::TooLarge { limit: 32 << 20 }),
        ("off", NotKeptReason::TooLarge { limit: 0 }),
        ("person-full", NotKeptReason::PersonFull { limit: 128 << 20 }),
        ("full", NotKeptReason::Full),
        ("disk", NotKeptReason::Disk),
        ("incomplete", NotKeptReason::Incomplete),
    ] {
        let page = NotKeptPage { ctx: ctx.clone(), reason, way_on: "/.tenure/unlock?return_to=/wiki".into() };
        pages.push((format!("not-kept-{name}"), page.render()));
    }
}

fn reasons(pages: &mut Pages) {
    let ctx = pages.context();
    let codes = words::all().map(|words| (words.code, words.kind == words::Kind::Lock));
    for (n, (code, lock)) in codes.chain([("made-up", false)]).enumerate() {
        let page = Why {
            ctx: ctx.clone(),
            code: code.into(),
            at: (code != "none").then_some(Moment(NOW - 42 * MINUTE)),
            now: Moment(NOW),
            events: vec![
                (Moment(NOW - 50 * MINUTE), "signed_in".into()),
                (Moment(NOW - 42 * MINUTE), "locked (idle)".into()),
            ],
            reported: None,
            displaced_by: (code == "displaced").then(|| DisplacedBy {
                device: pages.device(AGENTS[3]),
                address: "2001:db8:85a3:8d3:1319:8a2e:370:7348".into(),
            }),
            kept_until: lock.then_some(Moment(NOW + 1398 * MINUTE)),
            browser: Browser::from_user_agent(AGENTS[n % AGENTS.len()]),
            sent_work: (code == "strict_policy").then_some(SentWork::NotKept),
            support_code: "K7F2-9QDM".into(),
            return_to: "/wiki/start".into(),
            form_token: Some("sample".into()),
        };
        pages.push((format!("why-{}", code.replace('_', "-")), page.render()));
    }
}

fn lists(pages: &mut Pages) {
    let ctx = pages.context();
    let row = |id: &str, agent: &str, address: &str, minutes: u64| SessionRow {
        id: format!("ses_{id}"),
        device: Browser::from_user_agent(agent).words(ctx.language),
        address: address.into(),
        signed_in: Moment(NOW - 600 * MINUTE - minutes * MINUTE),
        last_used: Moment(NOW - minutes * MINUTE),
        current: false,
        locked: false,
    };
    let here = SessionRow { current: true, ..row("a1", AGENTS[1], "198.51.100.20", 0) };
    let phone = row("b2", AGENTS[3], "2001:db8:85a3:8d3:1319:8a2e:370:7348", 25);
    let old = SessionRow { locked: true, ..row("c3", AGENTS[0], "203.0.113.7", 1900) };
    let limit = SessionLimit {
        ctx: ctx.clone(),
        form_token: "sample".into(),
        return_to: "/wiki/start".into(),
        ticket: "sample".into(),
        sessions: vec![old.clone(), phone.clone()],
        choose_again: false,
    };
    let again = SessionLimit { choose_again: true, sessions: vec![phone.clone()], ..limit.clone() };
    let sessions = AccountSessions {
        ctx: ctx.clone(),
        form_token: "sample".into(),
        subject: "ada".into(),
        sessions: vec![here.clone(), phone, old],
        done: Some(ctx.language.say("account-ended").plain()),
    };
    let alone = AccountSessions { sessions: vec![here], done: None, ..sessions.clone() };
    pages.push(("session-limit".into(), limit.render()));
    pages.push(("session-limit-again".into(), again.render()));
    pages.push(("account-sessions".into(), sessions.render()));
    pages.push(("account-sessions-alone".into(), alone.render()));
    let out = |others| SignedOut { ctx: ctx.clone(), return_to: "/wiki".into(), others }.render();
    pages.push(("signed-out".into(), out(0)));
    pages.push(("signed-out-other".into(), out(1)));
    pages.push(("signed-out-others".into(), out(2)));
    pages.push(("signed-out-many".into(), out(11)));
    let up = Status {
        ctx: ctx.clone(),
        up: true,
        checked: Moment(NOW),
        maintenance: Some(Maintenance {
            text: "The database gets more room. Pages may take a few seconds longer.".into(),
            from: Moment(NOW + 6000 * MINUTE),
            until: Some(Moment(NOW + 6030 * MINUTE)),
        }),
        incidents: vec![Incident {
            from: Moment(NOW - 90_000 * MINUTE),
            until: Some(Moment(NOW - 89_960 * MINUTE)),
            text: "Sign-in was slow for some people.".into(),
        }],
    };
    let down = Status { up: false, maintenance: None, incidents: vec![], ..up.clone() };
    pages.push(("status".into(), up.render()));
    pages.push(("status-down".into(), down.render()));
}

fn errors(pages: &mut Pages) {
    let ctx = pages.context();
    for kind in [
        ErrorKind::UpstreamUnreachable,
        ErrorKind::UpstreamTimeout,
        ErrorKind::Unknown,
        ErrorKind::NotFound,
        ErrorKind::CrossSiteForm,
        ErrorKind::TooLarge { limit: 32 << 20 },
        ErrorKind::TooMany { wait_seconds: 20 },
        ErrorKind::KeptGone,
        ErrorKind::KeptUnreadable,
        ErrorKind::Internal,
    ] {
        let page = ErrorPage { ctx: ctx.clone(), kind };
        pages.push((
            format!("error-{kind:?}").to_ascii_lowercase().split(' ').next().unwrap_or_default().to_owned(),
            page.render(),
        ));
    }
}
