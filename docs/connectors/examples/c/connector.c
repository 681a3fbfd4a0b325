// Hands text messages to a gateway of one's own. Configuration and payload are JSON already and go into the request as they are,
// so that no JSON has to be read here.
#include <stdlib.h>
#include <string.h>

#include "manifest.h"
#include "sms_connector.h"

typedef sms_connector_string_t text;
typedef exports_keyway_connector_sms_failure_t failure;

static text literal(const char *from) { return (text){(uint8_t *)from, strlen(from)}; }

static text joined(const text *parts, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += parts[i].len;
  text all = {malloc(length ? length : 1), 0};
  if (all.ptr == NULL) abort();
  for (size_t i = 0; i < count; i++) {
    memcpy(all.ptr + all.len, parts[i].ptr, parts[i].len);
    all.len += parts[i].len;
  }
  return all;
}

static text decimal(unsigned number) {
  uint8_t digits[10];
  size_t first = sizeof digits;
  do {
    digits[--first] = (uint8_t)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return joined(&(text){digits + first, sizeof digits - first}, 1);
}

// What comes back belongs to the caller, which frees it: a copy of everything.
static bool fail(failure *err, const char *code, text message) {
  *err = (failure){0};
  err->code = joined(&(text){(uint8_t *)code, strlen(code)}, 1);
  err->message = joined(&message, 1);
  return false;
}

void exports_keyway_connector_meta_describe(text *ret) {
  text manifest = {(uint8_t *)KEYWAY_MANIFEST, sizeof KEYWAY_MANIFEST};
  *ret = joined(&manifest, 1);
}

bool exports_keyway_connector_config_validate(text *config, exports_keyway_connector_config_failure_t *err) {
  (void)config;
  (void)err;
  return true;
}

static bool unanswered(const keyway_host_http_error_t *error, failure *err) {
  switch (error->tag) {
    case KEYWAY_HOST_HTTP_ERROR_DENIED: return fail(err, "general", error->val.denied);
    case KEYWAY_HOST_HTTP_ERROR_INVALID: return fail(err, "invalid-config", error->val.invalid);
    case KEYWAY_HOST_HTTP_ERROR_TOO_LARGE: return fail(err, "invalid-response", literal("The gateway's answer is too large."));
    case KEYWAY_HOST_HTTP_ERROR_TIMEOUT: return fail(err, "unreachable", literal("The gateway did not answer in time."));
    default: return fail(err, "unreachable", literal("The gateway could not be reached."));
  }
}

bool exports_keyway_connector_sms_send(text *config, exports_keyway_connector_sms_message_t *message, text *ret, failure *err) {
  for (size_t i = 0; i < message->to.len; i++) {
    if (message->to.ptr[i] < '0' || message->to.ptr[i] > '9') {
      return fail(err, "invalid-request-parameters", literal("The recipient is no phone number."));
    }
  }
  text parts[] = {
    literal("{\"from\":"), *config, literal(",\"to\":\"+"), message->to, literal("\",\"variables\":"), message->payload, literal("}"),
  };
  text body = joined(parts, sizeof parts / sizeof *parts);
  sms_connector_tuple2_string_string_t header = {literal("content-type"), literal("application/json")};
  keyway_host_http_request_t request = {
    .method = literal("POST"),
    .url = literal("https://gateway.example.com/messages"),
    .headers = {&header, 1},
    .body = {true, {body.ptr, body.len}},
  };
  keyway_host_http_response_t response;
  keyway_host_http_error_t error;
  if (!keyway_host_http_fetch(&request, &response, &error)) return unanswered(&error, err);
  text status = decimal(response.status);
  if (response.status >= 200 && response.status < 300) {
    text sent[] = {literal("{\"status\":"), status, literal("}")};
    *ret = joined(sent, 3);
    return true;
  }
  const char *code = response.status == 429 ? "rate-limit-exceeded" : response.status >= 500 ? "unreachable" : "general";
  text words[] = {literal("The gateway answered "), status, literal(".")};
  return fail(err, code, joined(words, 3));
}
