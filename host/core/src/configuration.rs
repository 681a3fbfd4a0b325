//! What administrators configured, kept in memory while nobody changes it. Every entry is kept under the version of the
//! tenant's configuration that was read before it, so an entry is never older than its version says, and a change makes all
//! older entries unreachable.

use std::collections::HashSet;
use std::sync::Arc;

use keyway_model::application::Application;
use keyway_model::connector::{Connector, ConnectorKind};
use keyway_model::custom_phrases::Phrases;
use keyway_model::email_template::EmailTemplate;
use keyway_model::look::ApplicationExperience;
use keyway_model::resource::Resource;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ApplicationId, TenantId, Timestamp, redirect};
use keyway_store::applications::ApplicationFilter;
use keyway_store::{
    Page, StoreError, Tx, applications, connectors, custom_phrases, email_templates, password_costs, resources,
    sign_in_experiences,
};
use quick_cache::sync::Cache;

use crate::password::Cost;
use crate::signing_keys::Keys;
use crate::{Core, CoreError, secret};

/// The settings that every sign-in asks for.
pub struct TenantSettings {
    /// The sign-in settings.
    pub experience: SignInExperience,
    /// The connectors that are set up and not switched off, oldest first.
    pub connectors: Vec<Connector>,
    /// The tenant's own e-mail templates.
    pub email_templates: Vec<EmailTemplate>,
    /// The tenant's own words on the pages, by language.
    pub phrases: Vec<(String, Phrases)>,
    /// The costs of imported password hashes.
    pub(crate) password_costs: Vec<Cost>,
}

impl TenantSettings {
    /// The language of messages for readers whose own is unknown.
    pub fn language(&self) -> &str {
        &self.experience.language_info.fallback_language
    }

    /// The tenant's own words in a language.
    pub fn phrases(&self, language: &str) -> Option<&Phrases> {
        self.phrases.iter().find(|(tag, _)| tag == language).map(|(_, own)| own)
    }

    /// The kinds of connectors that are set up.
    pub fn connector_kinds(&self) -> Vec<ConnectorKind> {
        self.connectors.iter().map(|connector| connector.kind).collect()
    }
}

/// A tenant's sign-in settings; nothing that is stored opens the operators' tenant.
pub(crate) async fn experience(tx: &mut Tx, tenant: &TenantId) -> Result<SignInExperience, StoreError> {
    if *tenant == TenantId::admin() {
        return Ok(SignInExperience::for_operators());
    }
    sign_in_experiences::get(tx, tenant).await
}

/// An application with what it may prove itself by.
pub(crate) struct Client {
    pub application: Application,
    /// Hashes of its secrets, and when each ends.
    secrets: Vec<(String, Option<Timestamp>)>,
}

impl Client {
    /// Whether this is a live secret of the application.
    pub fn has_secret(&self, presented: &str, now: Timestamp) -> bool {
        let hash = secret::hash(presented);
        let live = |end: &Option<Timestamp>| end.is_none_or(|end| now < end);
        self.secrets.iter().any(|(stored, end)| live(end) && secret::equal(stored, &hash))
    }
}

/// What a machine may do with a resource: the resource, and the names of its scopes that the machine's roles hold.
pub(crate) type MachineAccess = (Resource, Vec<String>);

/// The indicators of a tenant's resources.
pub(crate) struct Indicators {
    /// Of every one.
    pub all: HashSet<String>,
    /// Of the one that a program means which names none.
    pub default: Option<String>,
}

/// Entries by version.
pub(crate) struct Configuration {
    settings: Cache<(TenantId, i64), Arc<TenantSettings>>,
    origins: Cache<(TenantId, i64), Arc<HashSet<String>>>,
    indicators: Cache<(TenantId, i64), Arc<Indicators>>,
    clients: Cache<(TenantId, i64, ApplicationId), Arc<Client>>,
    machines: Cache<(TenantId, i64, ApplicationId, String), Arc<MachineAccess>>,
    pub(crate) keys: Cache<(TenantId, i64), Arc<Keys>>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            settings: Cache::new(16),
            origins: Cache::new(16),
            indicators: Cache::new(16),
            clients: Cache::new(2000),
            machines: Cache::new(2000),
            keys: Cache::new(16),
        }
    }
}

impl Core {
    pub(crate) async fn version(&self, tenant: &TenantId) -> Result<i64, CoreError> {
        Ok(self.parts.store.configuration_version(tenant, self.now()).await?)
    }

    /// The settings that every sign-in asks for.
    pub async fn settings(&self, tenant: &TenantId) -> Result<Arc<TenantSettings>, CoreError> {
        let key = (tenant.clone(), self.version(tenant).await?);
        if let Some(kept) = self.configuration.settings.get(&key) {
            return Ok(kept);
        }
        let (owner, master_key) = (tenant.clone(), self.parts.master_key.clone());
        let read = self.parts.store.read(async move |tx| {
            let experience = experience(tx, &owner).await?;
            let mut connectors = connectors::list(tx, &owner, &master_key).await?;
            connectors.retain(|connector| !connector.settings.disabled);
            let email_templates = email_templates::list(tx, &owner).await?;
            let phrases = custom_phrases::list(tx, &owner).await?;
            let costs = password_costs::list(tx, &owner).await?;
            let password_costs = costs.iter().filter_map(|cost| Cost::read(cost)).collect();
            Ok::<_, CoreError>(TenantSettings { experience, connectors, email_templates, phrases, password_costs })
        });
        let settings = Arc::new(read.await?);
        self.configuration.settings.insert(key, Arc::clone(&settings));
        Ok(settings)
    }

    /// The application with this id.
    pub(crate) async fn client(&self, tenant: &TenantId, id: &ApplicationId) -> Result<Option<Arc<Client>>, CoreError> {
        let key = (tenant.clone(), self.version(tenant).await?, id.clone());
        if let Some(kept) = self.configuration.clients.get(&key) {
            return Ok(Some(kept));
        }
        let owner = tenant.clone();
        let read = self.parts.store.read(async move |tx| {
            let Some(application) = applications::find(tx, &owner, id).await? else { return Ok(None) };
            let secrets = applications::secret_hashes(tx, &owner, id).await?;
            Ok::<_, CoreError>(Some(Arc::new(Client { application, secrets })))
        });
        let Some(client) = read.await? else { return Ok(None) };
        self.configuration.clients.insert(key, Arc::clone(&client));
        Ok(Some(client))
    }

    /// What the sign-in pages look like for an application; none when there is no such application.
    pub async fn application_experience(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
    ) -> Result<Option<ApplicationExperience>, CoreError> {
        Ok(self.client(tenant, id).await?.map(|client| client.application.sign_in_experience.clone()))
    }

    /// What the machine may do with the resource of this indicator; none when there is no such resource.
    pub(crate) async fn machine_access(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        indicator: &str,
    ) -> Result<Option<Arc<MachineAccess>>, CoreError> {
        let key = (tenant.clone(), self.version(tenant).await?, id.clone(), indicator.to_owned());
        if let Some(kept) = self.configuration.machines.get(&key) {
            return Ok(Some(kept));
        }
        let (owner, indicator) = (tenant.clone(), indicator.to_owned());
        let read = self.parts.store.read(async move |tx| {
            Ok::<_, CoreError>(resources::for_application(tx, &owner, id, &indicator).await?.map(Arc::new))
        });
        let Some(access) = read.await? else { return Ok(None) };
        self.configuration.machines.insert(key, Arc::clone(&access));
        Ok(Some(access))
    }

    /// The indicators of the resources.
    pub(crate) async fn resource_indicators(&self, tenant: &TenantId) -> Result<Arc<Indicators>, CoreError> {
        let key = (tenant.clone(), self.version(tenant).await?);
        if let Some(kept) = self.configuration.indicators.get(&key) {
            return Ok(kept);
        }
        let owner = tenant.clone();
        let (all, _) = self.read(async move |tx| resources::list(tx, &owner, Page::ALL).await).await?;
        let default = all.iter().find(|resource| resource.is_default).map(|resource| resource.indicator.clone());
        let indicators =
            Arc::new(Indicators { default, all: all.into_iter().map(|resource| resource.indicator).collect() });
        self.configuration.indicators.insert(key, Arc::clone(&indicators));
        Ok(indicators)
    }

    /// Whether scripts of this origin may read answers: the origin of a registered redirect address, or a listed one.
    pub async fn is_registered_origin(&self, tenant: &TenantId, origin: &str) -> Result<bool, CoreError> {
        let key = (tenant.clone(), self.version(tenant).await?);
        if let Some(kept) = self.configuration.origins.get(&key) {
            return Ok(kept.contains(origin));
        }
        let owner = tenant.clone();
        let read = self.parts.store.read(async move |tx| registered_origins(tx, &owner).await);
        let origins = Arc::new(read.await?);
        self.configuration.origins.insert(key, Arc::clone(&origins));
        Ok(origins.contains(origin))
    }
}

async fn registered_origins(tx: &mut Tx, tenant: &TenantId) -> Result<HashSet<String>, CoreError> {
    let (all, _) = applications::list(tx, tenant, &ApplicationFilter::default(), Page::ALL).await?;
    let mut origins = HashSet::new();
    for application in all {
        origins.extend(application.oidc_client_metadata.redirect_uris.iter().filter_map(|uri| redirect::origin(uri)));
        origins.extend(application.custom_client_metadata.cors_allowed_origins);
    }
    Ok(origins)
}
