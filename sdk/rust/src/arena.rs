//! The guest's allocator: a bump arena inside the initial memory.
//!
//! A connector's instance lives for one call, so nothing is ever freed, and the arena avoids `memory.grow`: with the
//! default allocator every call costs the host two `mprotect`s, which cut the throughput of two cores to less than
//! that of one (measured: 15,000 instead of 54,000 calls a second).

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "a global allocator is an unsafe trait")]
mod wasm {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::UnsafeCell;

    /// Bytes of the arena; a larger need falls through to `memory.grow`.
    const ARENA: usize = 1024 * 1024;

    #[repr(align(16))]
    struct Bytes(UnsafeCell<[u8; ARENA]>);
    // SAFETY: a component instance has one thread.
    unsafe impl Sync for Bytes {}

    struct Bump {
        next: UnsafeCell<usize>,
        end: UnsafeCell<usize>,
    }
    // SAFETY: a component instance has one thread.
    unsafe impl Sync for Bump {}

    static MEMORY: Bytes = Bytes(UnsafeCell::new([0; ARENA]));

    #[global_allocator]
    static ALLOCATOR: Bump = Bump { next: UnsafeCell::new(0), end: UnsafeCell::new(0) };

    const PAGE: usize = 65_536;

    // SAFETY: every block lies between `next` and `end`, which only move up; blocks never overlap.
    unsafe impl GlobalAlloc for Bump {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: single-threaded; the cells are only touched here and in `realloc`.
            unsafe {
                let next = &mut *self.next.get();
                let end = &mut *self.end.get();
                if *end == 0 {
                    *next = MEMORY.0.get() as usize;
                    *end = *next + ARENA;
                }
                let start = (*next + layout.align() - 1) & !(layout.align() - 1);
                if start.saturating_add(layout.size()) <= *end {
                    *next = start + layout.size();
                    return start as *mut u8;
                }
                let pages = (layout.size() + layout.align()).div_ceil(PAGE).max(16);
                let previous = core::arch::wasm32::memory_grow(0, pages);
                if previous == usize::MAX {
                    return core::ptr::null_mut();
                }
                *next = previous * PAGE;
                *end = *next + pages * PAGE;
                let start = (*next + layout.align() - 1) & !(layout.align() - 1);
                *next = start + layout.size();
                start as *mut u8
            }
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: as in `alloc`; the newest block may grow in place.
            unsafe {
                let next = &mut *self.next.get();
                let start = block as usize;
                if start + layout.size() == *next && start.saturating_add(size) <= *self.end.get() {
                    *next = start + size;
                    return block;
                }
                if size <= layout.size() {
                    return block;
                }
                let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                if !new.is_null() {
                    core::ptr::copy_nonoverlapping(block, new, layout.size());
                }
                new
            }
        }
    }
}
