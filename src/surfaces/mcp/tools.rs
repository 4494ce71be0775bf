//! Tools from operations.
//!
//! This module must never offer what only the operator may do.

use std::sync::Arc;

use rmcp::model::{MetaObject, Tool, ToolAnnotations};
use serde_json::json;

use super::handler::Options;
use super::names::ToolNames;
use crate::operations::{Access, AnyOperation, Audience, Spec, need_of, registry};

/// A toolset was asked for that no operation belongs to.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no toolset `{name}`; there are {known}")]
pub struct UnknownToolset {
    /// What was asked for.
    pub name: String,
    /// What there is, separated by commas.
    pub known: String,
}

/// The tools a host with these options is shown, sorted by name: for files and `doctor`.
///
/// # Errors
/// A toolset in `options` that does not exist.
pub fn offered_tools(options: &Options) -> Result<Vec<Tool>, UnknownToolset> {
    check_toolsets(registry(), options)?;
    let offered = registry().iter().filter(|operation| is_offered(operation.spec(), options));
    let mut tools: Vec<Tool> =
        offered.map(|operation| tool(*operation, options.tool_names)).collect();
    tools.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    Ok(tools)
}

/// Whether this host is offered the operation.
pub fn is_offered(spec: &Spec, options: &Options) -> bool {
    spec.audience == Audience::Agent
        && (!options.read_only || spec.access == Access::Read)
        && options
            .toolsets
            .as_ref()
            .is_none_or(|wanted| wanted.iter().any(|name| name == spec.toolset))
        && need_of(spec.name).is_none_or(|need| !options.lacking.contains(&need))
}

/// Refuses toolsets that would silently offer nothing.
///
/// # Errors
/// The first name that no operation for agents belongs to.
pub fn check_toolsets(
    operations: &[&dyn AnyOperation],
    options: &Options,
) -> Result<(), UnknownToolset> {
    let mut known: Vec<_> = operations
        .iter()
        .map(|operation| operation.spec())
        .filter(|spec| spec.audience == Audience::Agent)
        .map(|spec| spec.toolset)
        .collect();
    known.sort_unstable();
    known.dedup();
    match options.toolsets.iter().flatten().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(UnknownToolset { name: name.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}

/// The tool a host is shown.
pub fn tool(operation: &dyn AnyOperation, names: ToolNames) -> Tool {
    let spec = operation.spec();
    Tool::new(names.wire(spec.name), spec.description, Arc::new(operation.input_schema()))
        .with_title(spec.name)
        .with_raw_output_schema(Arc::new(operation.output_schema()))
        .with_annotations(annotations(spec))
        .with_meta(meta(spec))
}

/// All four, since hosts assume the worst of those that are absent.
fn annotations(spec: &Spec) -> ToolAnnotations {
    let spends = spec.access == Access::Spend;
    ToolAnnotations::new()
        .read_only(spec.access == Access::Read)
        .destructive(spends)
        .idempotent(true)
        .open_world(spends || spec.open_world)
}

fn meta(spec: &Spec) -> MetaObject {
    let mut meta = MetaObject::new();
    meta.0.insert("paywarden/canonicalName".to_owned(), json!(spec.name));
    if spec.access == Access::Spend {
        // Claude Code then asks its user even where it was told not to ask.
        meta.0.insert("anthropic/requiresUserInteraction".to_owned(), json!(true));
    }
    meta
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{MCP_CORE_TOOLS_BYTES, MCP_TOOLS, MCP_TOOLS_BYTES};
    use crate::operations::Need;

    #[test]
    fn annotations_say_what_a_tool_may_do() {
        let hints = |access, open_world| {
            let spec = Spec { access, open_world, ..SPEC };
            let hints = annotations(&spec);
            [
                hints.read_only_hint,
                hints.destructive_hint,
                hints.idempotent_hint,
                hints.open_world_hint,
            ]
            .map(|hint| hint.expect("all four are set"))
        };
        assert_eq!(hints(Access::Read, false), [true, false, true, false]);
        assert_eq!(hints(Access::Read, true), [true, false, true, true]);
        assert_eq!(hints(Access::Write, false), [false, false, true, false]);
        assert_eq!(hints(Access::Spend, false), [false, true, true, true]);
    }

    #[test]
    fn only_spending_asks_for_the_user() {
        for (access, asks) in [(Access::Read, false), (Access::Write, false), (Access::Spend, true)]
        {
            let meta = meta(&Spec { access, ..SPEC });
            assert_eq!(meta.0.contains_key("anthropic/requiresUserInteraction"), asks);
            assert_eq!(meta.0["paywarden/canonicalName"], "wallet.send");
        }
    }

    #[test]
    fn what_is_offered_depends_on_audience_access_and_toolset() {
        let all = Options::default();
        let read_only = Options { read_only: true, ..Options::default() };
        let guard = Options { toolsets: Some(vec!["guard".to_owned()]), ..Options::default() };
        let spend = Spec { access: Access::Spend, ..SPEC };
        let operator = Spec { audience: Audience::Operator, ..SPEC };
        assert_eq!(
            [&SPEC, &spend, &operator].map(|spec| is_offered(spec, &all)),
            [true, true, false]
        );
        assert_eq!([&SPEC, &spend].map(|spec| is_offered(spec, &read_only)), [true, false]);
        assert!(!is_offered(&SPEC, &guard));
        assert!(is_offered(&Spec { toolset: "guard", ..SPEC }, &guard));
        let keyless = Options { lacking: vec![Need::NanswapKey], ..Options::default() };
        let named = |name| is_offered(&Spec { name, ..SPEC }, &keyless);
        assert!(!named("nanswap.create_order") && named("nanswap.verify_webhook"));
    }

    #[test]
    fn the_list_fits_a_hosts_context() {
        let core = ["wallet", "payment", "guard"].map(str::to_owned).to_vec();
        for (toolsets, most_bytes) in [(None, MCP_TOOLS_BYTES), (Some(core), MCP_CORE_TOOLS_BYTES)]
        {
            let options = Options { toolsets, ..Options::default() };
            let tools: Vec<_> = registry()
                .iter()
                .filter(|operation| is_offered(operation.spec(), &options))
                .map(|operation| tool(*operation, ToolNames::default()))
                .collect();
            assert!(tools.len() <= MCP_TOOLS, "{}", tools.len());
            let bytes = serde_json::to_vec(&tools).unwrap().len();
            assert!(bytes <= most_bytes, "{bytes} of {most_bytes}");
        }
    }

    const SPEC: Spec = Spec {
        name: "wallet.send",
        title: "Send",
        description: "Sends.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "wallet",
        open_world: false,
    };
}
