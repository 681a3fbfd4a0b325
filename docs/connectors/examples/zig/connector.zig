//! Sends text messages through Example.
const std = @import("std");
const c = @cImport(@cInclude("sms_connector.h"));

const Text = c.sms_connector_string_t;
const Message = c.exports_keyway_connector_sms_message_t;
const WireFailure = c.exports_keyway_connector_sms_failure_t;

// An instance lives for one call: what is allocated goes with it.
const allocator = std.heap.wasm_allocator;

const manifest = @embedFile("manifest.json");

const Template = struct { usageType: []const u8, content: []const u8 };
const Config = struct { apiKey: []const u8, sender: []const u8, templates: []const Template };
const Answer = struct {
    id: std.json.Value = .null,
    @"error": struct { message: []const u8 = "" } = .{},
};

/// Why a call failed, for the admin.
const Failure = struct { code: []const u8, message: []const u8, retry_after_ms: ?u64 = null };

fn slice(text: Text) []const u8 {
    return text.ptr[0..text.len];
}

fn wire(text: []const u8) Text {
    return .{ .ptr = @constCast(text.ptr), .len = text.len };
}

fn copied(text: []const u8) Text {
    return wire(allocator.dupe(u8, text) catch @trap());
}

fn print(comptime format: []const u8, arguments: anytype) []const u8 {
    return std.fmt.allocPrint(allocator, format, arguments) catch @trap();
}

fn parsed(comptime T: type, text: []const u8) ?T {
    return std.json.parseFromSliceLeaky(T, allocator, text, .{ .ignore_unknown_fields = true }) catch null;
}

fn tell(err: [*c]WireFailure, failure: Failure) bool {
    err.* = std.mem.zeroes(WireFailure);
    err.*.code = copied(failure.code);
    err.*.message = copied(failure.message);
    if (failure.retry_after_ms) |ms| err.*.retry_after_ms = .{ .is_some = true, .val = ms };
    return false;
}

fn invalid_config(err: [*c]WireFailure) bool {
    return tell(err, .{ .code = "invalid-config", .message = "apiKey, sender and templates are needed, and texts." });
}

export fn exports_keyway_connector_meta_describe(ret: *Text) void {
    ret.* = copied(manifest);
}

export fn exports_keyway_connector_config_validate(config: *Text, err: [*c]WireFailure) bool {
    return if (parsed(Config, slice(config.*)) == null) invalid_config(err) else true;
}

export fn exports_keyway_connector_sms_send(config: *Text, message: *Message, ret: *Text, err: [*c]WireFailure) bool {
    const settings = parsed(Config, slice(config.*)) orelse return invalid_config(err);
    const answer = switch (request(settings, message)) {
        .failure => |failure| return tell(err, failure),
        .answer => |answer| answer,
    };
    const result = std.json.Stringify.valueAlloc(allocator, .{ .requestId = answer.id }, .{}) catch @trap();
    ret.* = wire(result);
    return true;
}

const Outcome = union(enum) { answer: Answer, failure: Failure };

fn request(config: Config, message: *const Message) Outcome {
    const template = find(config.templates, slice(message.usage)) orelse
        return .{ .failure = .{ .code = "template-not-found", .message = "There is no template for this usage and no Generic one." } };
    const text = render(template.content, parsed(std.json.Value, slice(message.payload)) orelse .null);
    const body = std.json.Stringify.valueAlloc(allocator, .{
        .from = config.sender,
        .to = print("+{s}", .{slice(message.to)}),
        .text = text,
    }, .{}) catch @trap();
    var headers = [_]c.sms_connector_tuple2_string_string_t{
        .{ .f0 = wire("content-type"), .f1 = wire("application/json") },
        .{ .f0 = wire("authorization"), .f1 = wire(print("Bearer {s}", .{config.apiKey})) },
    };
    var wanted = c.keyway_host_http_request_t{
        .method = wire("POST"),
        .url = wire("https://api.example.com/messages"),
        .headers = .{ .ptr = &headers, .len = headers.len },
        .body = .{ .is_some = true, .val = .{ .ptr = body.ptr, .len = body.len } },
    };
    var response: c.keyway_host_http_response_t = undefined;
    var failed: c.keyway_host_http_error_t = undefined;
    if (!c.keyway_host_http_fetch(&wanted, &response, &failed)) return .{ .failure = unanswered(failed) };
    const answer = parsed(Answer, response.body.ptr[0..response.body.len]);
    if (response.status >= 200 and response.status < 300) {
        if (answer) |read| return .{ .answer = read };
        return .{ .failure = .{ .code = "invalid-response", .message = "The provider's answer is not the expected JSON." } };
    }
    const words = if (answer) |read| read.@"error".message else "";
    return .{ .failure = .{
        .code = if (response.status == 429) "rate-limit-exceeded" else if (response.status >= 500) "unreachable" else "general",
        .message = if (words.len > 0) words else print("The provider answered {d}.", .{response.status}),
        .retry_after_ms = wait(response.headers),
    } };
}

fn unanswered(failed: c.keyway_host_http_error_t) Failure {
    return switch (failed.tag) {
        c.KEYWAY_HOST_HTTP_ERROR_DENIED => .{ .code = "general", .message = slice(failed.val.denied) },
        c.KEYWAY_HOST_HTTP_ERROR_INVALID => .{ .code = "invalid-config", .message = slice(failed.val.invalid) },
        c.KEYWAY_HOST_HTTP_ERROR_TIMEOUT => .{ .code = "unreachable", .message = "The provider did not answer in time." },
        c.KEYWAY_HOST_HTTP_ERROR_TOO_LARGE => .{ .code = "invalid-response", .message = "The provider's answer is larger than allowed." },
        else => .{ .code = "unreachable", .message = "The provider could not be reached." },
    };
}

fn wait(headers: c.sms_connector_list_tuple2_string_string_t) ?u64 {
    for (headers.ptr[0..headers.len]) |header| {
        if (!std.ascii.eqlIgnoreCase(slice(header.f0), "retry-after")) continue;
        return std.math.mul(u64, std.fmt.parseInt(u64, slice(header.f1), 10) catch return null, 1000) catch null;
    }
    return null;
}

fn find(templates: []const Template, usage: []const u8) ?Template {
    for ([_][]const u8{ usage, "Generic" }) |name| {
        for (templates) |template| {
            if (std.mem.eql(u8, template.usageType, name)) return template;
        }
    }
    return null;
}

/// Fills in `{{code}}` and the other texts of the payload.
fn render(template: []const u8, payload: std.json.Value) []const u8 {
    if (payload != .object) return template;
    var text: []const u8 = template;
    var variables = payload.object.iterator();
    while (variables.next()) |variable| {
        if (variable.value_ptr.* != .string) continue;
        const place = print("{{{{{s}}}}}", .{variable.key_ptr.*});
        text = std.mem.replaceOwned(u8, allocator, text, place, variable.value_ptr.string) catch @trap();
    }
    return text;
}
