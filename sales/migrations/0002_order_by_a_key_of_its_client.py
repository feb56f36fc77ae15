"""What Django's migrations cannot say: a foreign key over two columns."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE orders ADD CONSTRAINT order_by_a_key_of_its_client
                FOREIGN KEY (api_key_id, client_id) REFERENCES api_keys (id, client_id);
            """,
            "ALTER TABLE orders DROP CONSTRAINT order_by_a_key_of_its_client",
        ),
    ]
