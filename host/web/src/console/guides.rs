//! How an application of each framework is connected, with its own id, endpoint and secret in the text.

use keyway_model::application::ApplicationType;

/// A framework's card and guide.
pub struct Guide {
    /// Its name in addresses.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What an application of it is.
    pub kind: ApplicationType,
    /// Where its own development server answers.
    pub origin: &'static str,
    /// The path to which a sign-in returns.
    pub callback: &'static str,
    /// The package to install, as a command.
    install: &'static str,
    /// The file to write and its content; `{endpoint}`, `{api}`, `{id}`, `{secret}` and `{origin}` are filled in.
    file: &'static str,
    code: &'static str,
}

/// A guide's steps for one application.
pub struct Filled {
    /// The command.
    pub install: &'static str,
    /// The file.
    pub file: &'static str,
    /// Its content.
    pub code: String,
}

impl Guide {
    /// The guide with an application's own values.
    pub fn fill(&self, endpoint: &str, api: &str, id: &str, secret: &str) -> Filled {
        let code = self
            .code
            .replace("{endpoint}", endpoint)
            .replace("{api}", api)
            .replace("{id}", id)
            .replace("{secret}", secret)
            .replace("{origin}", self.origin);
        Filled { install: self.install, file: self.file, code }
    }
}

use ApplicationType::{MachineToMachine, Native, Spa, Traditional};

/// Every guide, in the order of the cards.
pub const GUIDES: [Guide; 11] = [
    Guide {
        id: "sveltekit",
        name: "SvelteKit",
        kind: Traditional,
        origin: "http://localhost:5173",
        callback: "/callback",
        install: "npm i @logto/sveltekit",
        file: "src/hooks.server.ts",
        code: "import { handleLogto } from '@logto/sveltekit';\nimport { env } from '$env/dynamic/private';\n\nexport const handle = handleLogto(\n  {\n    endpoint: '{endpoint}',\n    appId: '{id}',\n    appSecret: '{secret}',\n  },\n  { encryptionKey: env.LOGTO_COOKIE_ENCRYPTION_KEY } // a long random text of your own\n);",
    },
    Guide {
        id: "next",
        name: "Next.js",
        kind: Traditional,
        origin: "http://localhost:3000",
        callback: "/callback",
        install: "npm i @logto/next",
        file: "app/logto.ts",
        code: "export const logtoConfig = {\n  endpoint: '{endpoint}',\n  appId: '{id}',\n  appSecret: '{secret}',\n  baseUrl: '{origin}',\n  cookieSecret: process.env.LOGTO_COOKIE_SECRET, // a long random text of your own\n  cookieSecure: process.env.NODE_ENV === 'production',\n};",
    },
    Guide {
        id: "express",
        name: "Express",
        kind: Traditional,
        origin: "http://localhost:3000",
        callback: "/logto/sign-in-callback",
        install: "npm i @logto/express cookie-parser express-session",
        file: "app.ts",
        code: "import { handleAuthRoutes, withLogto } from '@logto/express';\n\nconst config = {\n  endpoint: '{endpoint}',\n  appId: '{id}',\n  appSecret: '{secret}',\n  baseUrl: '{origin}',\n};\n\napp.use(handleAuthRoutes(config));\napp.get('/', withLogto(config), (request, response) => response.json(request.user));",
    },
    Guide {
        id: "react",
        name: "React",
        kind: Spa,
        origin: "http://localhost:5173",
        callback: "/callback",
        install: "npm i @logto/react",
        file: "src/App.tsx",
        code: "import { LogtoProvider } from '@logto/react';\n\nconst config = { endpoint: '{endpoint}', appId: '{id}' };\n\nexport const App = () => <LogtoProvider config={config}>{/* your routes */}</LogtoProvider>;",
    },
    Guide {
        id: "vue",
        name: "Vue",
        kind: Spa,
        origin: "http://localhost:5173",
        callback: "/callback",
        install: "npm i @logto/vue",
        file: "src/main.ts",
        code: "import { createLogto } from '@logto/vue';\n\nconst config = { endpoint: '{endpoint}', appId: '{id}' };\n\ncreateApp(App).use(createLogto, config).mount('#app');",
    },
    Guide {
        id: "ios",
        name: "iOS",
        kind: Native,
        origin: "io.example.app:",
        callback: "//callback",
        install: "https://github.com/logto-io/swift.git",
        file: "ContentView.swift",
        code: "import LogtoClient\n\nlet config = try? LogtoConfig(endpoint: \"{endpoint}\", appId: \"{id}\")\nlet client = LogtoClient(useConfig: config)",
    },
    Guide {
        id: "android",
        name: "Android",
        kind: Native,
        origin: "io.example.app:",
        callback: "//callback",
        install: "implementation(\"io.logto.sdk:android:1.1.3\")",
        file: "MainActivity.kt",
        code: "val config = LogtoConfig(endpoint = \"{endpoint}\", appId = \"{id}\")\nval client = LogtoClient(config, application)",
    },
    Guide {
        id: "go",
        name: "Go",
        kind: Traditional,
        origin: "http://localhost:8080",
        callback: "/callback",
        install: "go get github.com/logto-io/go/v2",
        file: "main.go",
        code: "config := &client.LogtoConfig{\n  Endpoint:  \"{endpoint}\",\n  AppId:     \"{id}\",\n  AppSecret: \"{secret}\",\n}",
    },
    Guide {
        id: "python",
        name: "Python",
        kind: Traditional,
        origin: "http://localhost:5000",
        callback: "/callback",
        install: "pip install logto",
        file: "client.py",
        code: "from logto import LogtoClient, LogtoConfig\n\nclient = LogtoClient(LogtoConfig(\n    endpoint=\"{endpoint}\",\n    appId=\"{id}\",\n    appSecret=\"{secret}\",\n))",
    },
    Guide {
        id: "java",
        name: "Java (Spring Boot)",
        kind: Traditional,
        origin: "http://localhost:8080",
        callback: "/login/oauth2/code/keyway",
        install: "implementation 'org.springframework.boot:spring-boot-starter-oauth2-client'",
        file: "application.properties",
        code: "spring.security.oauth2.client.registration.keyway.client-id={id}\nspring.security.oauth2.client.registration.keyway.client-secret={secret}\nspring.security.oauth2.client.registration.keyway.scope=openid,profile,offline_access\nspring.security.oauth2.client.provider.keyway.issuer-uri={endpoint}/oidc",
    },
    Guide {
        id: "machine-to-machine",
        name: "Machine-to-machine",
        kind: MachineToMachine,
        origin: "",
        callback: "",
        install: "",
        file: "terminal",
        code: "curl {endpoint}/oidc/token -u '{id}:{secret}' \\\n  -d grant_type=client_credentials -d resource={api} -d scope=all",
    },
];

/// The guide with this id.
pub fn guide(id: &str) -> Option<&'static Guide> {
    GUIDES.iter().find(|guide| guide.id == id)
}
