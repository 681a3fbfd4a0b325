//! What a guest may put into a request, and the request that is sent for it.

use url::Url;

use super::{Denied, FetchError, Request};

/// A request that breaks a rule.
pub fn invalid(what: &str) -> FetchError {
    FetchError::Denied(Denied::Invalid(what.to_owned()))
}

/// The rules on methods and headers.
pub fn check(request: &Request) -> Result<(), FetchError> {
    if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&request.method.as_str()) {
        return Err(invalid("the method must be GET, HEAD, POST, PUT, PATCH or DELETE"));
    }
    if request.headers.len() > 64
        || request.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > 32 * 1024
    {
        return Err(invalid("more than 64 headers or 32 kB of them"));
    }
    if request.headers.iter().any(|(_, value)| value.chars().any(|c| c.is_control() && c != '\t')) {
        return Err(invalid("a header value must not hold control characters"));
    }
    match request.headers.iter().find(|(name, _)| is_forbidden_header(&name.to_ascii_lowercase())) {
        Some((name, _)) => Err(invalid(&format!("the header {name} is set by the server"))),
        None => Ok(()),
    }
}

/// The request as it goes out to `url`.
pub fn build(url: &Url, request: Request) -> Result<reqwest::Request, FetchError> {
    check(&request)?;
    let method = request.method.parse().map_err(|_| invalid("method"))?;
    let mut outgoing = reqwest::Request::new(method, url.clone());
    for (name, value) in &request.headers {
        let name: http::HeaderName = name.parse().map_err(|_| invalid("a header name is not valid"))?;
        outgoing.headers_mut().append(name, value.parse().map_err(|_| invalid("a header value is not valid"))?);
    }
    *outgoing.body_mut() = request.body.map(Into::into);
    Ok(outgoing)
}

fn is_forbidden_header(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "connection"
            | "transfer-encoding"
            | "content-length"
            | "te"
            | "trailer"
            | "upgrade"
            | "keep-alive"
            | "expect"
    ) || name.starts_with("proxy-")
        || name.starts_with("x-forwarded-")
        || name == "forwarded"
}
