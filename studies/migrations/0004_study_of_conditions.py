from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('studies', '0003_platform'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='study',
            name='anonymization',
        ),
    ]
