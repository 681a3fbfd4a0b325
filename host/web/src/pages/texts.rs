//! Everything that the pages say, in English and Simplified Chinese.

phrases! {
    sign_in "Sign in" "登录";
    sign_in_to "Sign in to" "登录";
    register "Create account" "注册";
    register_for "Create your account for" "注册账号，使用";
    continue_ "Continue" "继续";
    continue_with "Continue with" "继续使用";
    username "Username" "用户名";
    email "Email" "邮箱";
    phone "Phone number" "手机号";
    password "Password" "密码";
    new_password "New password" "新密码";
    or " or " "或";
    show_password "Show" "显示";
    hide_password "Hide" "隐藏";
    password_hint "At least 8 characters. A few unrelated words are easy to keep and hard to guess." "至少 8 个字符。几个不相关的词既好记又难猜。";
    region "Country or region" "国家或地区";
    language "Language" "语言";
    strength_weak "Weak. Longer is stronger." "较弱，越长越安全。";
    strength_fair "Fair. A few more characters help." "一般，再长一些更好。";
    strength_good "Good." "良好。";
    strength_strong "Strong." "很强。";
    phone_hint "Choose the country, or type its code too: +86 130 1234 5678." "请选择国家或地区，或包含区号输入：+86 130 1234 5678。";
    username_hint "Letters, digits and underscores; not a digit first." "字母、数字和下划线，不能以数字开头。";
    forgot_password "Forgot password?" "忘记密码？";
    use_code "Sign in with a code" "使用验证码登录";
    use_password "Use a password instead" "改用密码登录";
    no_account_yet "No account yet?" "还没有账号？";
    have_account "Already have an account?" "已有账号？";
    code_title "Enter the code" "输入验证码";
    code_sent "A 6-digit code is on its way to" "6 位验证码已发送至";
    code_may_be_sent "If there is an account for it, a 6-digit code is on its way to" "如果该账号存在，6 位验证码已发送至";
    code "Code" "验证码";
    resend "Send a new code" "重新发送";
    resend_in "Send a new code in {} s" "{} 秒后可重新发送";
    change_recipient "Not right? Change it" "不正确？返回修改";
    no_account_title "Create an account?" "创建账号？";
    no_account "There is no account for this yet:" "该账号尚未注册：";
    create_it "Create account" "创建账号";
    account_exists_title "Welcome back" "欢迎回来";
    account_exists "There is an account for this already:" "该账号已注册：";
    sign_in_with_it "Sign in to it" "登录此账号";
    back "Back" "返回";
    wait_for_message "Too many messages. You can ask for another in {}." "发送过于频繁，{}后可重新获取验证码。";
    wait_for_guess "Too many wrong attempts. Try again in {}, or sign in another way." "错误次数过多，请在 {}后重试，或使用其他方式登录。";
    proving "One moment: your browser is being checked…" "请稍候，正在检查您的浏览器…";
    still_working "This is taking long. Check your connection and try again." "请求时间过长，请检查网络后重试。";
    complete_title "Almost done" "即将完成";
    complete_password "Choose a password for your account." "请为账号设置密码。";
    complete_username "Choose a username." "请设置用户名。";
    complete_phone "Add your phone number." "请绑定手机号。";
    complete_email "Add your email address." "请绑定邮箱。";
    complete_email_or_phone "Add your phone number or email address." "请绑定手机号或邮箱。";
    forgot_title "Reset your password" "重置密码";
    forgot_text "Tell us where to send a code." "验证码将发送至您的账号。";
    forgot_unavailable "A password cannot be reset here. Ask the people who run this application." "无法在此重置密码，请联系应用管理员。";
    new_password_title "Choose a new password" "设置新密码";
    new_password_text "You will be signed out everywhere else." "设置后将在其他设备上退出登录。";
    set_password_title "Choose your password" "设置密码";
    set_password_text "For" "账号";
    password_set_title "Your password is set" "密码已设置";
    password_set_text "You can close this page and sign in with it." "您可以关闭此页面，并使用新密码登录。";
    save "Save" "保存";
    link_account "There is an account with this address. Sign in to it once by password or code: from then on both ways lead to it." "该地址已有账号。请先用密码或验证码登录一次，之后两种方式均可登录。";
    password_was_reset "Your password is set. Sign in with it." "密码已重置，请使用新密码登录。";
    expired_title "This page has expired" "页面已过期";
    expired_text "The sign-in was finished, or an hour has passed. Go back to the application and start again." "登录已完成或已超过一小时，请返回应用重新开始。";
    root_title "This is a sign-in service" "这是一个登录服务";
    root_text "Open the application that you want to use, and sign in from there." "请打开您要使用的应用，并从那里登录。";
    not_found_title "There is nothing at this address" "此地址没有内容";
    not_found_text "Check the address, or go back to the application that you came from." "请检查地址，或返回您来自的应用。";
    back_to "Go back to" "返回";
    error_title "This did not work" "出现错误";
    error_text "Go back to the application and try again. If it happens again, show this page to the people who run it." "请返回应用重试。如果问题仍然存在，请将此页面提供给应用管理员。";
    try_again_text "Nothing was changed. Try again, or sign in another way." "未做任何更改，请重试或使用其他方式登录。";
    sign_out_title "Sign out?" "退出登录？";
    sign_out_text "You will be signed out of this browser." "您将在此浏览器中退出登录。";
    sign_out "Sign out" "退出登录";
    signed_out_title "You are signed out" "您已退出登录";
    signed_out_text "You can close this page." "可以关闭此页面。";
    returning_title "Back to the application…" "正在返回应用…";
    returning_text "If nothing happens, press the button." "如果没有自动跳转，请点击按钮。";
    no_admin_title "There is no administrator yet" "尚无管理员";
    no_admin_text "Open the link that the server printed in its terminal when it started. It makes the first administrator." "请打开服务器启动时在终端中打印的链接，以创建首位管理员。";
    admin_title "The first administrator" "创建首位管理员";
    admin_text "Choose how you will sign in to administer this server." "请设置用于管理此服务器的账号。";
    terms "Terms of use" "使用条款";
    privacy "Privacy policy" "隐私政策";
    agree "By continuing you accept the" "继续即表示您同意";
    and "and the" "和";
    password_too_short "Use at least 8 characters." "至少需要 8 个字符。";
    password_too_long "Use 256 characters at most." "最多 256 个字符。";
    password_common "Attackers try this password first. Choose another." "该密码过于常见，请更换。";
    password_sequence "This is one character or a row of neighbours. Choose something longer." "密码不能是重复或连续的字符。";
    password_user_info "Do not use your own name or number." "密码不能包含您的账号信息。";
}

impl Texts {
    /// Whether these are the Chinese ones.
    pub fn is_chinese(&self) -> bool {
        self.lang.starts_with("zh")
    }
}

/// Whether the pages have a sentence of this name.
pub fn is_phrase(name: &str) -> bool {
    PHRASES.iter().any(|(known, ..)| *known == name)
}
