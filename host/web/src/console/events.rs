//! What the events of the audit log are called.

/// Beginnings and ends of keys, by which a list can be filtered, with their names in English and Chinese.
pub const GROUPS: [(&str, &str, &str); 7] = [
    ("Interaction.SignIn.", "Sign-in", "登录"),
    ("Interaction.Register.", "Sign-up", "注册"),
    ("Interaction.ForgotPassword.", "Password reset", "重置密码"),
    ("ExchangeTokenBy.", "Tokens", "令牌"),
    ("Connector.", "Connector modules", "连接器模块"),
    ("Management.", "Administration", "管理操作"),
    ("Interaction.", "All of the sign-in pages", "登录页面的全部事件"),
];

/// What happened in a group.
const ACTIONS: [(&str, &str, &str); 18] = [
    ("Update", "started", "开始"),
    ("Submit", "finished", "完成"),
    ("Identifier.Submit", "account found", "识别账号"),
    ("Verification.Password.Submit", "password entered", "输入密码"),
    ("Verification.VerificationCode.Create", "code sent", "发送验证码"),
    ("Verification.VerificationCode.Submit", "code entered", "输入验证码"),
    ("VerificationCode.Submit", "code entered", "输入验证码"),
    ("Verification.Social.Create", "sent to a provider", "前往第三方"),
    ("Verification.Social.Submit", "back from a provider", "从第三方返回"),
    ("Link.Submit", "password set by a link", "通过链接设置密码"),
    ("AuthorizationCode", "given for a sign-in", "登录后签发"),
    ("RefreshToken", "renewed", "续期"),
    ("Upload", "uploaded", "上传"),
    ("Approve", "approved", "批准"),
    ("Activate", "activated", "激活"),
    ("RollBack", "rolled back", "回滚"),
    ("DeleteVersion", "version removed", "删除版本"),
    ("DeleteFactory", "removed", "删除"),
];

/// What an administrator did.
const VERBS: [(&str, &str, &str); 5] = [
    ("Create", "made", "创建"),
    ("Update", "changed", "修改"),
    ("Replace", "replaced", "替换"),
    ("Delete", "removed", "删除"),
    ("Read", "looked at", "查看"),
];

/// What administrators work on; what is not here is called by its own name.
const THINGS: [(&str, &str); 31] = [
    ("Applications", "应用"),
    ("Users", "用户"),
    ("Connectors", "连接器"),
    ("Connector Factories", "连接器模块"),
    ("Connector Test", "测试消息"),
    ("Modules", "模块"),
    ("Sign In Exp", "登录体验"),
    ("Sign In Experience", "登录体验"),
    ("Branding", "外观"),
    ("Phrases", "文案"),
    ("Custom Phrases", "文案"),
    ("Images", "图片"),
    ("User Assets", "图片"),
    ("Secrets", "密钥"),
    ("Password", "密码"),
    ("Sessions", "会话"),
    ("Identities", "身份"),
    ("Roles", "角色"),
    ("Scopes", "权限"),
    ("Resources", "API 资源"),
    ("Settings", "设置"),
    ("Keys", "签名密钥"),
    ("Administrators", "管理员"),
    ("Machines", "API 访问"),
    ("Link", "密码链接"),
    ("Suspend", "停用状态"),
    ("Sign Out", "退出登录"),
    ("Enabled", "启用状态"),
    ("Approve", "批准"),
    ("Activate", "激活"),
    ("Roll Back", "回滚"),
];

/// An event's name for people: "Sign-in: code sent"; a key that is not known stays as it is.
pub fn name(key: &str, chinese: bool) -> String {
    let pick = |en: &'static str, zh: &'static str| if chinese { zh } else { en };
    let colon = pick(": ", "：");
    let Some((group, en, zh)) = GROUPS.iter().find(|(group, ..)| key.starts_with(group)) else { return key.to_owned() };
    let rest = key.get(group.len()..).unwrap_or_default();
    if *group == "Management." {
        let (things, verb) = rest.rsplit_once('.').unwrap_or((rest, ""));
        let things: Vec<String> = things.split('.').map(|thing| self::thing(thing, chinese)).collect();
        let verb = VERBS.iter().find(|(word, ..)| *word == verb).map_or(verb, |(_, en, zh)| pick(en, zh));
        return format!("{}{colon}{verb}", things.join(" › "));
    }
    match ACTIONS.iter().find(|(word, ..)| *word == rest) {
        Some((_, done, done_zh)) => format!("{}{colon}{}", pick(en, zh), pick(done, done_zh)),
        None => key.to_owned(),
    }
}

/// `CustomPhrases` as `Custom Phrases`, or in Chinese.
fn thing(word: &str, chinese: bool) -> String {
    let mut spaced = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push(letter);
    }
    let known = THINGS.iter().find(|(name, _)| chinese && *name == spaced);
    known.map_or(spaced, |(_, chinese)| (*chinese).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_in_words() {
        for (key, en, zh) in [
            ("Interaction.SignIn.Submit", "Sign-in: finished", "登录：完成"),
            (
                "Interaction.ForgotPassword.Verification.VerificationCode.Create",
                "Password reset: code sent",
                "重置密码：发送验证码",
            ),
            ("ExchangeTokenBy.RefreshToken", "Tokens: renewed", "令牌：续期"),
            ("Management.Users.Password.Update", "Users › Password: changed", "用户 › 密码：修改"),
            ("Management.CustomPhrases.Replace", "Custom Phrases: replaced", "文案：替换"),
            ("Something.Else", "Something.Else", "Something.Else"),
        ] {
            assert_eq!(name(key, false), en);
            assert_eq!(name(key, true), zh);
        }
    }
}
