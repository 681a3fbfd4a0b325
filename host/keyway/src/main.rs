//! The Keyway server: command line, settings, wiring and shut-down.

mod admin;
mod connections;
mod demo;
mod listener;
mod master_key;
mod serve;
mod settings;
mod system;
mod wiring;

use clap::{Parser, Subcommand};
use keyway_testkit::cli::ConnectorCommand;
use settings::ServerSettings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "keyway", version, about = "An identity server whose connectors run in a sandbox")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server; it needs no configuration
    Serve {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// Add a demo application, sample users and an inbox that shows codes; for this machine only
        #[arg(long)]
        demo: bool,
    },
    /// Settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Write, check and test connectors; needs no server
    Connector {
        #[command(subcommand)]
        command: ConnectorCommand,
    },
    /// Compile a component from standard input to standard output, within limits; the server starts this itself
    #[command(hide = true)]
    CompileComponent {
        /// What to compile for
        target: String,
    },
    /// Administration from the command line, with the server running or not
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check the settings and print what is in force
    Check {
        #[command(flatten)]
        settings: Box<ServerSettings>,
    },
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Make a machine-to-machine application with full access to the Management API
    CreateM2m {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// Whose Management API it may call; that of `admin` administers tenants
        #[arg(long, default_value = "default")]
        tenant: String,
        /// Its name
        #[arg(long, default_value = "Management")]
        name: String,
        /// Print JSON: {"id", "secret"}
        #[arg(long)]
        json: bool,
    },
    /// Make an administrator who may do everything, and print a link by which they set their password
    CreateAdmin {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// The name to sign in with
        #[arg(long)]
        username: String,
        /// Take the password from standard input in place of the link
        #[arg(long)]
        password_stdin: bool,
    },
    /// Tenants: each has its own address, issuer, users, connectors and settings
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Print a link by which an administrator sets a new password
    ResetPassword {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// The administrator's name
        #[arg(long)]
        username: String,
        /// Take the password from standard input in place of the link
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Subcommand)]
enum TenantCommand {
    /// Make a tenant
    Create {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// Its id: small letters, digits and hyphens
        id: String,
        /// Where browsers and programs reach it, such as <https://acme.example.com>
        address: String,
        /// What operators call it
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the tenants
    List {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// Print JSON: [{"id", "name", "endpoint"}]
        #[arg(long)]
        json: bool,
    },
    /// Take a tenant out of use and remove all that it has
    Delete {
        #[command(flatten)]
        settings: Box<ServerSettings>,
        /// Its id
        id: String,
    },
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if let Command::CompileComponent { target } = &arguments.command {
        let compiled = keyway_sandbox::compile(target, std::io::stdin().lock(), std::io::stdout().lock());
        return if compiled.is_ok() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE };
    }
    let result = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                Command::Serve { settings, demo } => serve::serve(settings.with_file()?, demo).await,
                Command::Connector { command } => keyway_testkit::cli::run(command).await,
                Command::CompileComponent { .. } => Ok(()),
                Command::Config { command: ConfigCommand::Check { settings } } => {
                    settings::check(&settings.with_file()?)
                }
                Command::Admin { command } => match command {
                    AdminCommand::CreateM2m { settings, tenant, name, json } => {
                        admin::create_m2m(settings.with_file()?, tenant.into(), name, json).await
                    }
                    AdminCommand::Tenant { command } => match command {
                        TenantCommand::Create { settings, id, address, name } => {
                            admin::create_tenant(settings.with_file()?, id.into(), name, address).await
                        }
                        TenantCommand::List { settings, json } => {
                            admin::list_tenants(settings.with_file()?, json).await
                        }
                        TenantCommand::Delete { settings, id } => {
                            admin::delete_tenant(settings.with_file()?, id.into()).await
                        }
                    },
                    AdminCommand::CreateAdmin { settings, username, password_stdin } => {
                        admin::create_admin(settings.with_file()?, username, password_stdin).await
                    }
                    AdminCommand::ResetPassword { settings, username, password_stdin } => {
                        admin::reset_password(settings.with_file()?, username, password_stdin).await
                    }
                },
            }
        })
    });
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            match error.chain().find_map(|cause| cause.downcast_ref()) {
                Some(refusal) => eprintln!("keyway: {}", keyway_web::explained(refusal)),
                None => eprintln!("keyway: {error:#}"),
            }
            std::process::ExitCode::FAILURE
        }
    }
}
