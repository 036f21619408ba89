/* The pages of docs/terraform, made from the schema and pages.c. As a test it compares them with
 * what is there; with --write it puts them there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "pages.h"

static const char *s_folder = ZR_DOCS;

static const char *s_type(const struct zr_tf_type *t) {
  static const char *const names[] = {[ZR_TF_STRING] = "String",
                                      [ZR_TF_NUMBER] = "Number",
                                      [ZR_TF_BOOL] = "Boolean",
                                      [ZR_TF_OBJECT] = "Object"};
  if (t->kind == ZR_TF_LIST)
    return t->element->kind == ZR_TF_OBJECT ? "List of Object" : "List of String";
  if (t->kind == ZR_TF_MAP)
    return t->element->kind == ZR_TF_OBJECT ? "Map of Object" : "Map of String";
  return names[t->kind];
}

static void s_attributes(struct zr_buf *out, const struct zr_tf_attribute *a, size_t count,
                         enum zr_tf_mode first, enum zr_tf_mode second, const char *heading) {
  bool any = false;
  for (size_t i = 0; i < count; i++) {
    if (a[i].mode != first && a[i].mode != second)
      continue;
    if (!any)
      (void)zr_buf_printf(out, "\n### %s\n\n", heading);
    any = true;
    (void)zr_buf_printf(out, "- `%s` (%s%s) %s\n", a[i].name, s_type(a[i].type),
                        a[i].sensitive ? ", Sensitive" : "", a[i].description);
  }
}

static void s_schema(struct zr_buf *out, const struct zr_tf_schema *s) {
  (void)zr_buf_text(out, "\n## Schema\n");
  s_attributes(out, s->attributes, s->attribute_count, ZR_TF_REQUIRED, ZR_TF_REQUIRED, "Required");
  s_attributes(out, s->attributes, s->attribute_count, ZR_TF_OPTIONAL, ZR_TF_OPTIONAL_COMPUTED,
               "Optional");
  for (size_t i = 0; i < s->block_count; i++)
    (void)zr_buf_printf(out, "- `%s` (Block, Optional) %s See [below](#%s).\n", s->blocks[i].name,
                        s->blocks[i].description, s->blocks[i].name);
  s_attributes(out, s->attributes, s->attribute_count, ZR_TF_COMPUTED, ZR_TF_COMPUTED, "Read-Only");
  for (size_t i = 0; i < s->block_count; i++) {
    const struct zr_tf_block *b = &s->blocks[i];
    s_attributes(out, b->attributes, b->attribute_count, ZR_TF_OPTIONAL, ZR_TF_OPTIONAL, b->name);
  }
}

static void s_page(struct zr_buf *out, const struct page *p) {
  const struct zr_tf_schema *s = zr_tf_find_schema(p->role, p->schema);
  assert_non_null(s);
  (void)zr_buf_printf(out,
                      "---\npage_title: \"%s\"\nsubcategory: \"\"\ndescription: |-\n  %s\n---\n\n",
                      p->title, s->description);
  (void)zr_buf_printf(out, "# %s\n\n%s\n\n## Example Usage\n\n```terraform\n%s```\n\n%s", p->title,
                      s->description, p->example, p->notes);
  s_schema(out, s);
  if (p->import)
    (void)zr_buf_printf(out, "\n## Import\n\n%s", p->import);
  assert_int_equal(zr_buf_failed(out), ZR_ERR_OK);
}

static void s_path(char *to, size_t size, const struct page *p) {
  (void)snprintf(to, size, "%s/%s", s_folder, p->path);
}

static void pages_are_those_of_the_schema(void **state) {
  (void)state;
  for (size_t i = 0; i < page_count; i++) {
    struct zr_buf made = ZR_BUF_INIT(1 << 20);
    struct zr_buf there = ZR_BUF_INIT(1 << 20);
    char path[4096];
    s_path(path, sizeof path, &pages[i]);
    s_page(&made, &pages[i]);
    if (zr_file_read(path, false, &there) != ZR_ERR_OK || there.len != made.len ||
        memcmp(there.data, made.data, made.len) != 0)
      fail_msg("%s is stale: run this test with --write", path);
    zr_buf_clean_up(&made);
    zr_buf_clean_up(&there);
  }
}

static void every_schema_has_a_page(void **state) {
  (void)state;
  for (size_t i = 0; i < zr_tf_schema_count; i++) {
    size_t found = 0;
    for (size_t p = 0; p < page_count; p++)
      found += zr_tf_find_schema(pages[p].role, pages[p].schema) == &zr_tf_schemas[i];
    assert_int_equal(found, 1);
  }
}

/* The rules that Terraform checks, or does not check and falls over. */
static void schemas_are_sound(void **state) {
  (void)state;
  static const char *const taken[] = {"count",     "for_each",   "depends_on", "provider",
                                      "lifecycle", "connection", "provisioner"};
  for (size_t i = 0; i < zr_tf_schema_count; i++) {
    const struct zr_tf_schema *s = &zr_tf_schemas[i];
    for (size_t n = 0; n < s->attribute_count; n++) {
      const struct zr_tf_attribute *a = &s->attributes[n];
      assert_int_equal(strspn(a->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(a->name));
      assert_true(a->description[0]);
      for (size_t t = 0; t < sizeof taken / sizeof taken[0]; t++)
        assert_string_not_equal(a->name, taken[t]);
      for (size_t m = 0; m < n; m++)
        assert_string_not_equal(a->name, s->attributes[m].name);
      for (size_t b = 0; b < s->block_count; b++)
        assert_string_not_equal(a->name, s->blocks[b].name);
    }
  }
}

static int s_write(void) {
  for (size_t i = 0; i < page_count; i++) {
    struct zr_buf made = ZR_BUF_INIT(1 << 20);
    char path[4096];
    s_path(path, sizeof path, &pages[i]);
    s_page(&made, &pages[i]);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(made.data, 1, made.len, file) != made.len || fclose(file) != 0)
      return 1;
    zr_buf_clean_up(&made);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--write") == 0)
    return s_write();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pages_are_those_of_the_schema),
      cmocka_unit_test(every_schema_has_a_page),
      cmocka_unit_test(schemas_are_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
