//! Turns a signed-in session into an authorization code.

use std::collections::HashSet;

use keyway_model::application::{Application, ApplicationType};
use keyway_model::oauth::{Authorization, CODE_TTL, Grant, StoredToken, TokenKind};
use keyway_model::session::Session;
use keyway_model::{ApplicationId, ErrorCode, GrantId, TenantId, Timestamp, redirect};
use keyway_store::{StoreError, Tx, applications, tokens};

use crate::{CoreError, Cx, secret};

/// A code that is to be stored and handed out.
#[derive(Clone)]
pub(crate) struct CodeToBe {
    /// The code itself.
    pub value: String,
    grant_id: GrantId,
    now: Timestamp,
}

/// Throws the dice for a code; it works once and for 60 seconds.
pub(crate) fn code_to_be(cx: &Cx) -> CodeToBe {
    CodeToBe { value: secret::generate(cx.core().rng()), grant_id: cx.core().id(), now: cx.now }
}

impl CodeToBe {
    /// Stores the grant that a session gives to an application that [`hold_application`] admits, and the code that leads to it.
    pub async fn store(
        &self,
        tx: &mut Tx,
        tenant: &TenantId,
        application: &ApplicationId,
        asked: &Authorization,
        session: &Session,
    ) -> Result<(), StoreError> {
        let grant = Grant {
            id: self.grant_id.clone(),
            user_id: session.user_id.clone(),
            application_id: application.clone(),
            session_id: session.id.clone(),
            scope: asked.scope.clone(),
            resources: asked.resources.clone(),
            nonce: asked.nonce.clone(),
            authenticated_at: session.authenticated_at,
            credential_epoch: session.credential_epoch,
            created_at: self.now,
            revoked_at: None,
        };
        let token = StoredToken {
            hash: secret::hash(&self.value),
            kind: TokenKind::Code,
            grant_id: self.grant_id.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            code_challenge: asked.code_challenge.clone().unwrap_or_default(),
            created_at: self.now,
            expires_at: self.now.plus_seconds(CODE_TTL),
            consumed_at: None,
            scope: None,
        };
        tokens::insert_grant(tx, tenant, &grant).await?;
        tokens::insert(tx, tenant, &token).await
    }
}

/// Holds the application that a code goes to and judges it again: it, or the address that the code would go to, may have been
/// removed since the request was checked.
pub(crate) async fn hold_application(
    tx: &mut Tx,
    tenant: &TenantId,
    application: &ApplicationId,
    asked: &Authorization,
) -> Result<(), CoreError> {
    let held = applications::hold(tx, tenant, application).await?.ok_or(ErrorCode::SessionNotFound)?;
    let is_native = held.kind == ApplicationType::Native;
    if redirect::matches(&held.oidc_client_metadata.redirect_uris, &asked.redirect_uri, is_native) {
        Ok(())
    } else {
        Err(ErrorCode::SessionNotFound.into())
    }
}

/// `offline_access` is granted with `prompt=consent` (OpenID Connect Core section 11), or always where a web application
/// is set so.
pub(super) fn granted_scope(application: &Application, asked: &Authorization) -> String {
    let web = matches!(application.kind, ApplicationType::Traditional | ApplicationType::Spa);
    let always = web && application.custom_client_metadata.always_issue_refresh_token == Some(true);
    let mut words: Vec<&str> = asked.scope.split_ascii_whitespace().collect();
    let mut seen = HashSet::new();
    words.retain(|word| seen.insert(*word));
    if !always && !asked.prompts("consent") {
        words.retain(|word| *word != "offline_access");
    } else if always && !words.contains(&"offline_access") {
        words.push("offline_access");
    }
    words.join(" ")
}
