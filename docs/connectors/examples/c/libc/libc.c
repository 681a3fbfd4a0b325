// The little of C's library that the bindings use. An instance lives for one call, so nothing is ever freed.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u

extern unsigned char __heap_base;
static uintptr_t next, end;

// Each block begins with its size, in 16 bytes that keep what follows aligned.
void *malloc(size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = (size + 31) & ~(size_t)15;
  if (end == 0) {
    next = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
    end = __builtin_wasm_memory_size(0) * PAGE;
  }
  if (next > end || end - next < whole) {
    size_t pages = (whole + PAGE - 1) / PAGE;
    size_t before = __builtin_wasm_memory_grow(0, pages);
    if (before == SIZE_MAX) return NULL;
    next = before * PAGE;
    end = next + pages * PAGE;
  }
  size_t *block = (size_t *)next;
  *block = size;
  next += whole;
  return (unsigned char *)block + 16;
}

void *realloc(void *block, size_t size) {
  if (block == NULL) return malloc(size);
  size_t old = *(size_t *)((unsigned char *)block - 16);
  if (size <= old) return block;
  void *made = malloc(size);
  if (made != NULL) memcpy(made, block, old);
  return made;
}

void free(void *block) { (void)block; }

_Noreturn void abort(void) { __builtin_trap(); }

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  for (size_t i = 0; i < size; i++) ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t size) {
  for (size_t i = 0; i < size; i++) ((unsigned char *)to)[i] = (unsigned char)value;
  return to;
}

int memcmp(const void *left, const void *right, size_t size) {
  const unsigned char *l = left, *r = right;
  for (size_t i = 0; i < size; i++) {
    if (l[i] != r[i]) return l[i] < r[i] ? -1 : 1;
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}
