//! How PostgreSQL's certificate is checked. Before the server stands a front that ends TLS, whose certificate is `localhost`'s and made by
//! `authority`; all of them are for tests alone and hold for a hundred years.

use std::path::Path;
use std::sync::Arc;

use keyway_store::Store;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// What a client sends before TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("certificates/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("certificates/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()))
}

/// A front that passes on to `server` what comes within TLS, and nothing else; its port.
async fn front(server: (String, u16)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                let mut request = [0; SSL_REQUEST.len()];
                stream.read_exact(&mut request).await?;
                if request == SSL_REQUEST {
                    stream.write_all(b"S").await?;
                    let mut within = acceptor.accept(stream).await?;
                    copy_bidirectional(&mut within, &mut TcpStream::connect(server).await?).await?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    port
}

#[tokio::test]
async fn man_in_the_middle_a_certificate_is_checked_as_far_as_sslmode_says() {
    let database = Url::parse(&crate::empty_postgres().await).unwrap();
    let server = (database.host_str().unwrap_or("localhost").to_owned(), database.port().unwrap_or(5432));
    let port = front(server).await;
    for (host, mode, authority, opens) in [
        ("localhost", "disable", None, false),
        ("localhost", "require", None, true),
        ("127.0.0.1", "require", None, true),
        ("localhost", "verify-ca", None, false),
        ("localhost", "verify-ca", Some("stranger"), false),
        ("localhost", "verify-ca", Some("authority"), true),
        ("127.0.0.1", "verify-ca", Some("authority"), true),
        ("localhost", "verify-full", None, false),
        ("localhost", "verify-full", Some("stranger"), false),
        ("127.0.0.1", "verify-full", Some("authority"), false),
        ("localhost", "verify-full", Some("authority"), true),
    ] {
        let mut url = database.clone();
        url.set_host(Some(host)).unwrap();
        url.set_port(Some(port)).unwrap();
        url.query_pairs_mut().append_pair("sslmode", mode);
        if let Some(authority) = authority {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/certificates");
            let path = folder.join(format!("{authority}.pem"));
            url.query_pairs_mut().append_pair("sslrootcert", path.to_str().unwrap());
        }
        let opened = Store::open(url.as_str(), Arc::new(crate::Fixed)).await;
        assert_eq!(opened.is_ok(), opens, "{host} {mode} {authority:?}: {:?}", opened.err());
    }
}
